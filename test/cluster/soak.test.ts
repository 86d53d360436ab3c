import { afterAll, beforeAll, expect, test } from "vitest";
import { type BenchCluster, startBenchCluster } from "../bench/cluster.ts";
import { soak } from "../soak/soak.ts";

let cluster: BenchCluster;

beforeAll(async () => {
  cluster = await startBenchCluster();
});
afterAll(() => cluster?.stop());

test("twenty seconds at the highest rate: every answer is right, and connections and memory do not grow", async () => {
  const connections = 8;
  const { samples, ...figures } = await soak({ cluster, seconds: 20, connections });
  console.log(JSON.stringify(figures));
  expect(figures.errors).toEqual({});
  // One of each caller, and one to the API server for each question that is asked at the same time.
  expect(figures.sockets.most).toBeLessThanOrEqual(figures.sockets.idle + 2 * connections);
  expect(figures.sockets.most).toBeGreaterThanOrEqual(figures.sockets.idle + connections);
  expect(figures.memory.late).toBeLessThan(figures.memory.early * 1.5);
});

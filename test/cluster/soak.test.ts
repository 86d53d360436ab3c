import { afterAll, beforeAll, expect, test } from "vitest";
import { type BenchCluster, startBenchCluster } from "../bench/cluster.ts";
import { soak } from "../soak/soak.ts";

let cluster: BenchCluster;

beforeAll(async () => {
  cluster = await startBenchCluster();
});
afterAll(() => cluster?.stop());

test("twenty seconds at the highest rate: every answer is right, and connections and memory do not grow", {
  timeout: 120_000,
}, async () => {
  const { samples, ...figures } = await soak({ cluster, seconds: 20, connections: 8 });
  console.log(JSON.stringify(figures));
  expect(figures.errors).toEqual({});
  expect(figures.answers).toBeGreaterThan(500);
  expect(figures.sockets.most).toBe(figures.sockets.least);
  expect(figures.memory.late).toBeLessThan(figures.memory.early * 1.5);
});

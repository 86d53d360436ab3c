import { connect } from "node:http2";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let proxy: Served;

beforeAll(async () => {
  stage = await startStage(["--goaway-chance=0.02"]);
  proxy = await stage.serve();
});
afterAll(() => stage?.stop());

test("of 3,000 reads and 1,000 writes, 20 at a time, none fails where the API server ends one connection in fifty requests", async () => {
  const { origin, pathname } = new URL(proxy.url);
  const session = connect(origin, { ca: proxy.ca ?? "" });
  session.on("error", () => {});
  const { token } = stage.user("olga");
  const one = (index: number): Promise<string> =>
    new Promise((resolve) => {
      const isWrite = index % 4 === 3;
      const path = `/api/v1/namespaces/default/configmaps${isWrite ? "?dryRun=All" : ""}`;
      const stream = session.request({
        ":method": isWrite ? "POST" : "GET",
        ":path": pathname + path,
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
      });
      let status = 0;
      stream.on("response", (headers) => {
        status = Number(headers[":status"]);
      });
      stream.resume();
      stream.on("error", () => {});
      stream.on("close", () => resolve(`${isWrite ? "write" : "read"} ${status} ${stream.rstCode}`));
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata: { generateName: "a-" }, data: { a: "b" } };
      stream.end(isWrite ? JSON.stringify(body) : undefined);
    });
  const outcomes = new Map<string, number>();
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < 4_000) {
      next += 1;
      const outcome = await one(next);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  session.close();
  expect(Object.fromEntries(outcomes)).toEqual({ "read 200 0": 3_000, "write 201 0": 1_000 });
}, 600_000);

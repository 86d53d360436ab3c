import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let proxy: Served;

beforeAll(async () => {
  stage = await startStage();
  proxy = await stage.serve();
});
afterAll(() => stage?.stop());

test("kubectl get works through the proxy, and the audit log names both accounts", async () => {
  const mark = stage.auditMark();
  const { code, stdout, stderr } = await proxy.kubectl(stage.user("olga"), ["get", "namespaces", "-o", "name"]);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toContain("namespace/default");
  const event = stage
    .auditEvents(mark)
    .find(({ objectRef, verb }) => verb === "list" && objectRef?.resource === "namespaces");
  expect(event?.user.username).toBe("proxy-actor");
  expect(event?.impersonatedUser).toMatchObject({
    username: "olga",
    groups: ["team-a", "team-b", "system:authenticated"],
  });
  expect(proxy.entries.at(-1)).toMatchObject({
    caller: "olga",
    user: "olga",
    credential: "actor",
    status: 200,
    decision: "forwarded",
  });
});

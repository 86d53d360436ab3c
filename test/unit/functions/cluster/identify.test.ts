import { expect, test } from "vitest";
import type { Connection } from "../../../../functions/cluster/connection.ts";
import { identifyOf } from "../../../../functions/cluster/identify.ts";

const review = (status: unknown, token = "t") =>
  JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", spec: { token }, status });
const user = { username: "alice", uid: "1", groups: ["dev"], extra: { scope: ["x"] } };

const identify = (status: number, text: string) =>
  identifyOf({
    label: 'cluster "c"',
    send: async () => ({ status, headers: {}, text }),
  } as unknown as Connection)("t", Date.now() + 1_000);

test("a user has the group of all who are authenticated", async () => {
  expect(await identify(201, review({ authenticated: true, user }))).toEqual({
    user: { ...user, groups: ["dev", "system:authenticated"] },
  });
});

test.each([
  ["a refusal", review({ authenticated: false }), true],
  ["a refusal by absence", review({ user }), true],
  ["a refusal with an error", review({ authenticated: false, error: "expired" }), false],
])("%s", async (_name, text, isCertain) => {
  expect(await identify(201, text)).toEqual({ refused: true, isCertain });
});

test.each([
  ["another token", 201, review({ authenticated: true, user }, "other"), 502],
  ["another kind", 201, '{"kind":"Status"}', 502],
  ["no status", 201, review(undefined), 502],
  ["no boolean", 201, review({ authenticated: "true", user }), 502],
  ["no username", 201, review({ authenticated: true, user: { groups: [] } }), 502],
  ["no JSON", 201, "<html>", 502],
  ["403", 403, "{}", 502],
  ["401", 401, "{}", 502],
  ["a redirect", 302, "", 502],
  ["404", 404, "", 502],
])("%s: there is no answer", async (_name, status, text, code) => {
  expect(await identify(status, text)).toMatchObject({ code });
});

test("no answer in time is none", async () => {
  const send = ({ signal }: { signal: AbortSignal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  const late = await identifyOf({ label: "c", send } as unknown as Connection)("t", Date.now() + 50);
  expect(late).toMatchObject({ code: 504 });
});

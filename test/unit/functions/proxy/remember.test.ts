import { expect, test, vi } from "vitest";
import type { Identity } from "../../../../functions/cluster/identify.ts";
import { rememberAnswers, rememberIdentities } from "../../../../functions/proxy/remember.ts";
import { type Answer, pathQuestion } from "../../../../lib/question/question.ts";

const alice = { username: "alice", groups: [], extra: {} };

test.each<readonly [string, Identity, number]>([
  ["a user", { user: alice }, 1],
  ["a certain refusal", { refused: true, isCertain: true }, 1],
  ["a refusal with an error", { refused: true, isCertain: false }, 2],
  ["no answer", { code: 503, failure: "down" }, 2],
])("%s is looked up %#", async (_name, identity, times) => {
  const identify = vi.fn(async () => identity);
  const remembered = rememberIdentities(identify);
  for (let at = 0; at < 2; at += 1) expect(await remembered("token", 0)).toEqual(identity);
  expect(identify).toHaveBeenCalledTimes(times);
});

test("tokens are told apart", async () => {
  const identify = vi.fn(async (token: string) => ({ user: { ...alice, username: token } }));
  const remembered = rememberIdentities(identify);
  expect([await remembered("a", 0), await remembered("b", 0)]).toEqual([
    { user: { ...alice, username: "a" } },
    { user: { ...alice, username: "b" } },
  ]);
});

const about = (path: string, user = "alice") => pathQuestion({ ...alice, username: user }, { path, verb: "get" });

test.each<readonly [string, Answer, number]>([
  ["a yes", { allowed: true, reason: "" }, 1],
  ["a no", { allowed: false, reason: "" }, 1],
  ["no answer", { code: 504, failure: "late" }, 2],
])("%s", async (_name, answer, times) => {
  const ask = vi.fn(async () => [answer]);
  const remembered = rememberAnswers(ask);
  for (let at = 0; at < 2; at += 1) expect(await remembered([about("/a")], 0)).toEqual([answer]);
  expect(ask).toHaveBeenCalledTimes(times);
});

test("questions of other users and about other things are told apart, and large ones are always asked", async () => {
  const ask = vi.fn(async () => [{ allowed: true, reason: "" }]);
  const remembered = rememberAnswers(ask);
  const questions = [about("/a"), about("/b"), about("/a", "bob"), about("/".repeat(10_000))];
  await remembered(questions, 0);
  await remembered(questions, 0);
  expect(ask).toHaveBeenCalledTimes(5);
});

import { expect, test } from "vitest";
import { countLookUps } from "../../../../functions/proxy/count-look-ups.ts";
import { rememberAnswers, rememberIdentities } from "../../../../functions/proxy/remember.ts";
import { pathQuestion } from "../../../../lib/question/question.ts";

const alice = { username: "alice", groups: [], extra: {} };
const about = (path: string) => pathQuestion(alice, { path, verb: "get" });

test("a request counts what it looks up, and what of it was known or is being looked up", async () => {
  const cluster = {
    identify: rememberIdentities(async () => ({ user: alice })),
    ask: rememberAnswers(async () => [{ allowed: true, reason: "" }]),
  };
  const first = countLookUps(cluster);
  expect(first.counts()).toEqual({});
  await first.identify("token", 0);
  expect(first.counts()).toEqual({ tokenReviews: 1, cachedTokenReviews: 0 });
  await first.ask([about("/a"), about("/b")], 0);
  expect(first.counts()).toEqual({ tokenReviews: 1, cachedTokenReviews: 0, questions: 2, cachedQuestions: 0 });

  const second = countLookUps(cluster);
  await second.identify("token", 0);
  const [left, right] = [second.ask([about("/a"), about("/c")], 0), second.ask([about("/c")], 0)];
  await Promise.all([left, right]);
  expect(second.counts()).toEqual({ tokenReviews: 1, cachedTokenReviews: 1, questions: 3, cachedQuestions: 2 });
});

test("a question that is too large to be kept is never known", async () => {
  const cluster = {
    identify: async () => ({ user: alice }),
    ask: rememberAnswers(async () => [{ allowed: true, reason: "" }]),
  };
  const { ask, counts } = countLookUps(cluster);
  for (let at = 0; at < 2; at += 1) await ask([about("/".repeat(10_000))], 0);
  expect(counts()).toEqual({ questions: 2, cachedQuestions: 0 });
});

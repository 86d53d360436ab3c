import { describe, expect, test } from "vitest";
import * as lib from "../../../lib/index.ts";
import type { Library } from "./properties.ts";
import { type Kind, trySlice } from "./slice.ts";

// Wrong on purpose: the fuzz must find that out, and show why in a small review.

const { judge, conclude, readReview, writeReview } = lib;

/** What a library does to its outcome where that is `decision`. */
const instead = (decision: lib.Decision, change: (outcome: lib.Outcome) => Partial<lib.Outcome>): Partial<Library> => ({
  conclude: (judgement, endpoint, answers) => {
    const outcome = conclude(judgement, endpoint, answers);
    return outcome.decision === decision ? { ...outcome, ...change(outcome) } : outcome;
  },
});

const yes: lib.Answer = { allowed: true, reason: "" };
const isYes = (answer: lib.Answer | undefined): boolean =>
  answer !== undefined && "allowed" in answer && answer.allowed;

/** Asks other questions than it judges by. */
const asking = (
  change: (questions: readonly lib.Question[]) => readonly lib.Question[],
  hear = (answers: readonly (lib.Answer | undefined)[], _questions: readonly lib.Question[]) => answers,
): Partial<Library> => {
  const meant = new WeakMap<lib.Judgement, lib.Judgement>();
  return {
    judge: (policy, request) => {
      const judgement = judge(policy, request);
      const wrong = { ...judgement, questions: change(judgement.questions) };
      meant.set(wrong, judgement);
      return wrong;
    },
    conclude: (judgement, endpoint, answers) => {
      const own = meant.get(judgement) ?? judgement;
      return conclude(own, endpoint, hear(answers, own.questions));
    },
  };
};

const asUser = ({ namespace, ...asked }: lib.ResourceAttributes): lib.ResourceAttributes => ({
  ...asked,
  resource: "users",
  name: `system:serviceaccount:${namespace}:${asked.name}`,
});

const planted: readonly (readonly [bug: string, kind: Kind, library: Partial<Library>, found: RegExp])[] = [
  [
    "keeps an identity without asking",
    "honest",
    asking(
      () => [],
      (_, questions) => questions.map(() => yes),
    ),
    /without a yes to|hands out/,
  ],
  [
    "takes no answer for a yes",
    "honest",
    {
      conclude: (judgement, endpoint, answers) =>
        conclude(
          judgement,
          endpoint,
          answers.map((answer) => (answer && "failure" in answer ? yes : answer)),
        ),
    },
    /without a yes to|hands out/,
  ],
  [
    "asks for service accounts as users",
    "honest",
    asking((questions) =>
      questions.map((question) =>
        question.resourceAttributes.resource === "serviceaccounts"
          ? { ...question, resourceAttributes: asUser(question.resourceAttributes) }
          : question,
      ),
    ),
    /without a yes to|hands out/,
  ],
  [
    "patches another path",
    "honest",
    instead("replaced", ({ patch }) => ({ patch: patch.map((one) => ({ ...one, op: "add", path: `${one.path}s` })) })),
    /only a field is set/,
  ],
  [
    "writes somebody else",
    "honest",
    instead("defaulted", ({ patch }) => ({
      patch: patch.map((one) => (typeof one.value === "string" ? { ...one, value: "root" } : one)),
    })),
    /nobody is written but the requester/,
  ],
  [
    "patches where only validating was asked for",
    "honest",
    { conclude: (judgement, _, answers) => conclude(judgement, "mutate", answers) },
    /validate never patches/,
  ],
  [
    "skips what is denied",
    "honest",
    instead("denied", () => ({ decision: "skipped", reason: "unchanged", code: 200 })),
    /skipped as/,
  ],
  [
    "refuses after a yes",
    "honest",
    {
      conclude: (judgement, endpoint, answers) => {
        const outcome = conclude(judgement, endpoint, answers);
        const refused = { decision: "denied", reason: "empty", code: 403, patch: [], causes: [] } as const;
        return answers.some(isYes) ? { ...outcome, ...refused } : outcome;
      },
    },
    /a no admits nothing/,
  ],
  [
    "throws where an object is odd",
    "hostile",
    {
      judge: (policy, request) => {
        if (!lib.isProblem(request) && Array.isArray(request.object)) throw new TypeError("planted");
        return judge(policy, request);
      },
    },
    /planted/,
  ],
  [
    "overflows the stack of what is nested deep",
    "large",
    {
      readReview: (text) => {
        JSON.stringify(JSON.parse(text));
        return readReview(text);
      },
    },
    /Maximum call stack/,
  ],
  [
    "loses the uid",
    "hostile",
    {
      writeReview: (review, outcome, base64) => writeReview({ ...review, uid: review.uid.trim() }, outcome, base64),
    },
    /the uid comes back/,
  ],
  [
    "changes what is everybody's",
    "hostile",
    {
      readReview: (text) => {
        if (text.includes('"__proto__"')) Object.assign(Object.prototype, { polluted: undefined });
        return readReview(text);
      },
    },
    /everybody's is changed/,
  ],
];

describe("is found out: a library that", () => {
  test.each(planted)("%s", async (_, kind, library, found) => {
    try {
      const { failure } = await trySlice({ kind, seed: 7, runs: 4_000 }, { ...lib, ...library });
      expect(failure).toMatch(found);
      expect(failure).toMatch(/\{ seed: 7, path: "[\d:]+"/);
    } finally {
      Reflect.deleteProperty(Object.prototype, "polluted");
    }
  });
});

test("the library itself breaks no promise of the same reviews", async () => {
  const { failure, tally } = await trySlice({ kind: "honest", seed: 7, runs: 300 });
  expect(failure).toBeUndefined();
  expect(tally.reviews.judged).toBeGreaterThan(600);
});

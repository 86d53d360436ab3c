import { describe, expect, test } from "vitest";
import * as lib from "../../../lib/index.ts";
import type { Library } from "./properties.ts";
import { type Kind, trySlice } from "./slice.ts";

// Libraries that are wrong on purpose: the fuzz must find each, and show the fault in a small review.

const { judge, judgeFields, conclude, concludeFields, readReview, writeReview } = lib;

/** A library that changes an outcome with this decision. */
const instead = (decision: lib.Decision, change: (outcome: lib.Outcome) => Partial<lib.Outcome>): Partial<Library> => ({
  conclude: (judgement, answers) => {
    const outcome = conclude(judgement, answers);
    return outcome.decision === decision ? { ...outcome, ...change(outcome) } : outcome;
  },
});

const yes: lib.Answer = { allowed: true, reason: "" };
const isYes = (answer: lib.Answer | undefined): boolean =>
  answer !== undefined && "allowed" in answer && answer.allowed;

/** A library that asks other questions than it judges by. */
const asking = (
  change: (questions: readonly lib.ResourceQuestion[]) => readonly lib.ResourceQuestion[],
  hear = (answers: readonly (lib.Answer | undefined)[], _questions: readonly lib.ResourceQuestion[]) => answers,
): Partial<Library> => {
  const meant = new WeakMap<lib.Judgement, lib.Judgement>();
  return {
    judge: (policy, request, endpoint) => {
      const judgement = judge(policy, request, endpoint);
      const wrong = { ...judgement, questions: change(judgement.questions) };
      meant.set(wrong, judgement);
      return wrong;
    },
    conclude: (judgement, answers) => {
      const own = meant.get(judgement) ?? judgement;
      return conclude(own, hear(answers, own.questions));
    },
  };
};

/** A library that judges another policy or another request than it is given. */
const judging = (
  change: (target: lib.Target, requester: string) => Partial<lib.Target>,
  request: (request: lib.AdmissionRequest) => lib.AdmissionRequest = (same) => same,
): Partial<Library> => ({
  judge: (policy, of, endpoint) => {
    if (lib.isProblem(of)) return judge(policy, of, endpoint);
    const requester = lib.isProblem(of.requester) ? "" : of.requester.username;
    const targets = policy.targets.map((target) => ({ ...target, ...change(target, requester) }));
    return { ...judge({ ...policy, targets }, request(of), endpoint), policy };
  },
});

/** The same target with other rules for its fields. */
const ruling =
  (change: (rule: lib.FieldRule, requester: string) => Partial<lib.FieldRule>) =>
  ({ fields }: lib.Target, requester: string): Partial<lib.Target> => ({
    fields: fields.map((field) => ({ ...field, ...change(field, requester) })),
  });

const without = (object: unknown, member: string): unknown =>
  typeof object === "object" && object !== null && !Array.isArray(object) ? { ...object, [member]: undefined } : object;

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
      conclude: (judgement, answers) =>
        conclude(
          judgement,
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
    "writes another identity",
    "honest",
    instead("defaulted", ({ patch }) => ({
      patch: patch.map((one) => (typeof one.value === "string" ? { ...one, value: "root" } : one)),
    })),
    /is neither the requester nor the default/,
  ],
  [
    "patches on validate",
    "honest",
    { conclude: (judgement, answers) => conclude({ ...judgement, endpoint: "mutate" }, answers) },
    /validate never patches/,
  ],
  [
    "skips a request that the rule denies",
    "honest",
    instead("denied", () => ({ decision: "skipped", reason: "unchanged", code: 200 })),
    /skipped as/,
  ],
  [
    "skips on validate what changes only the status",
    "honest",
    {
      judge: (policy, request, endpoint) => {
        const judgement = judge(policy, request, "mutate");
        const isSkipped = conclude(judgement, []).reason === "unchanged";
        return isSkipped ? { ...judgement, endpoint } : judge(policy, request, endpoint);
      },
    },
    /skipped as unchanged on validate/,
  ],
  [
    "writes the controller's account",
    "honest",
    judging(() => ({ onPrivilegedRequester: "default" })),
    /is the account of a privileged value/,
  ],
  [
    "spares a status writer whatever it changes",
    "honest",
    {
      judge: (policy, request, endpoint) => {
        const judgement = judge(policy, request, endpoint);
        const isWriter = policy.targets.some(({ statusWriters }) => statusWriters.includes(judgement.requester));
        return isWriter ? { ...judge({ ...policy, enforcement: "off" }, request, endpoint), policy } : judgement;
      },
    },
    /skipped as enforcement-off/,
  ],
  [
    "takes a requester for the identity of that name on another cluster",
    "honest",
    {
      judge: (policy, request, endpoint) => {
        const targets = policy.targets.map((target) => ({
          ...target,
          fields: target.fields.map(({ permission: _, ...field }) => field),
        }));
        const here = judge({ ...policy, targets }, request, endpoint);
        const isSelf = here.questions.length === 0 && conclude(here, []).decision === "self";
        return isSelf ? { ...here, policy } : judge(policy, request, endpoint);
      },
    },
    /without a yes to/,
  ],
  [
    "takes an empty field for the requester",
    "honest",
    judging(
      ruling(({ emptyStandsFor }, requester) => (emptyStandsFor && requester ? { emptyStandsFor: requester } : {})),
    ),
    /which stands for an identity: .*without a yes to/,
  ],
  [
    "reads members only in the letter case of the policy",
    "hostile",
    judging(() => ({ ignoresLetterCase: false })),
    /a member of another spelling|a member that is misspelt/,
  ],
  [
    "allows a status write to an object without an identity",
    "honest",
    judging(ruling(() => ({ onEmpty: "allow" }))),
    /is empty/,
  ],
  [
    "compares a Scale with the Scale before",
    "honest",
    judging(
      () => ({}),
      (request) => ({ ...request, kind: { group: "", kind: "" } }),
    ),
    /skipped as unchanged|cannot be judged is refused/,
  ],
  [
    "reads identities in the metadata only in the object itself",
    "honest",
    judging(
      () => ({}),
      (request) =>
        request.subResource === ""
          ? request
          : {
              ...request,
              object: without(request.object, "metadata"),
              oldObject: without(request.oldObject, "metadata"),
            },
    ),
    /skipped as unchanged/,
  ],
  [
    "takes a name without the namespace that its form requires for one of the object's namespace",
    "policies",
    judging(({ fields }) => ({
      fields: fields.map(({ serviceAccount, ...field }) => {
        if (typeof serviceAccount !== "object") return { ...field, ...(serviceAccount && { serviceAccount }) };
        const { required: _, ...form } = serviceAccount;
        return { ...field, serviceAccount: form };
      }),
    })),
    /names no user and no service account/,
  ],
  [
    "judges all places of a path to any depth by the rule of that path",
    "policies",
    judging(({ fields }) => {
      const deep = fields.filter(({ path }) => path.includes("deep"));
      return deep.length > 0 ? { fields: deep } : {};
    }),
    /skipped as no-field/,
  ],
  [
    "reveals the keys of a map",
    "honest",
    {
      judge: (...given) => {
        const judgement = judge(...given);
        const findings = judgement.findings.map((finding) =>
          "ask" in finding || !finding.segments ? finding : { ...finding, at: finding.segments.join(".") },
        );
        return { ...judgement, findings };
      },
    },
    /no other part of the object leaves/,
  ],
  [
    "leaves a field out of the verdicts",
    "honest",
    {
      concludeFields: (...given) => {
        const verdicts = concludeFields(...given);
        const [first, ...others] = verdicts;
        return first?.decision === "permitted" && others.length > 0 ? others : verdicts;
      },
    },
    /each field has one verdict/,
  ],
  [
    "permits one field by the answers to another's questions",
    "honest",
    {
      concludeFields: (judgement, answers) => {
        const verdicts = concludeFields(judgement, answers);
        const [yes] = answers.filter(isYes);
        const worst = conclude(judgement, answers).field;
        const all = yes
          ? concludeFields(
              judgement,
              answers.map(() => yes),
            )
          : verdicts;
        return verdicts.map((verdict, index) => (verdict.at === worst ? verdict : (all[index] ?? verdict)));
      },
    },
    /leaves a field as it is that/,
  ],
  [
    "names questions that did not decide the field",
    "honest",
    {
      concludeFields: (judgement, answers) =>
        concludeFields(judgement, answers).map((verdict) => ({ ...verdict, questions: judgement.questions })),
    },
    /a field is permitted by a yes to all its questions/,
  ],
  [
    "says of a field on validate what mutate does",
    "honest",
    { concludeFields: (judgement, answers) => concludeFields({ ...judgement, endpoint: "mutate" }, answers) },
    /the worst verdict on a field is the outcome/,
  ],
  [
    "takes an object that is stored for one that is not judged",
    "honest",
    {
      judgeFields: (policy, { resource, object, requester }) => {
        const request = {
          operation: "UPDATE",
          resource,
          kind: { group: "", kind: "" },
          subResource: "",
          namespace: "",
        };
        const same = { object, oldObject: object, exact: () => undefined };
        return judge(policy, { ...request, ...same, requester }, "validate");
      },
    },
    /the fields are judged one by one/,
  ],
  [
    "takes every name of a service account for one of the same namespace",
    "honest",
    {
      judgeFields: (policy, { object, ...written }) =>
        judgeFields(policy, {
          ...written,
          object: { ...object, metadata: { ...(object["metadata"] as object), namespace: "team-a" } },
        }),
    },
    /leaves a field as it is that/,
  ],
  [
    "refuses after a yes",
    "honest",
    {
      conclude: (judgement, answers) => {
        const outcome = conclude(judgement, answers);
        const refused = { decision: "denied", reason: "empty", code: 403, patch: [], causes: [] } as const;
        return answers.some(isYes) ? { ...outcome, ...refused } : outcome;
      },
    },
    /a no admits nothing|the worst verdict on a field is the outcome/,
  ],
  [
    "throws on an odd object",
    "hostile",
    {
      judge: (policy, request, endpoint) => {
        if (!lib.isProblem(request) && Array.isArray(request.object)) throw new TypeError("planted");
        return judge(policy, request, endpoint);
      },
    },
    /planted/,
  ],
  [
    "overflows the stack on deep nesting",
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
    "changes a shared prototype",
    "hostile",
    {
      readReview: (text) => {
        if (text.includes('"__proto__"')) Object.assign(Object.prototype, { polluted: undefined });
        return readReview(text);
      },
    },
    /no shared prototype is changed/,
  ],
];

describe("the fuzz finds a library that", () => {
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

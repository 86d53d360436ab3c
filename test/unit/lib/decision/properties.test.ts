import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import fastJsonPatch from "fast-json-patch";
import { describe, expect, test } from "vitest";
import { decisions } from "../../../../lib/decision/verdict.ts";
import {
  conclude,
  concludeFields,
  type FieldVerdict,
  formatQuestion,
  isProblem,
  type JsonObject,
  judge,
  judgeFields,
  readPolicy,
  readReview,
  type UserInfo,
  writeReview,
} from "../../../../lib/index.ts";
import { pointerOf } from "../../../../lib/policy/path.ts";
import { objectWith } from "../../../support/arbitrary/objects.ts";
import { razee, target, targetOf } from "../../../support/arbitrary/policies.ts";
import { subresource, userInfo } from "../../../support/arbitrary/requesters.ts";
import {
  account,
  answerOf,
  decide,
  expectSound,
  type Given,
  hasFieldInStatus,
  hasStatusWriters,
  isAboutStatus,
  type Json,
  patched,
  reviewText,
  type Said,
  withStatusAs,
} from "./given.ts";

const object = objectWith(fc.constantFrom<unknown>(1, 2, 2 ** 53, { a: 1 }));
const said: fc.Arbitrary<Said> = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("yes" as const, "no" as const) },
  { weight: 1, arbitrary: fc.constantFrom<Said>("nothing", { code: 503, failure: "away" }) },
);
const answers = (of: fc.Arbitrary<Said>): fc.Arbitrary<(question: string) => Said> => fc.func<[string], Said>(of);

const givenOf = (targets: fc.Arbitrary<Json>) =>
  fc
    .record({
      target: targets,
      by: userInfo,
      object,
      old: fc.option(object, { nil: undefined }),
      request: fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, { weight: 2, arbitrary: subresource }),
      endpoint: fc.constantFrom("mutate" as const, "validate" as const),
      answers: answers(said),
    })
    .map(({ target: one, old, ...rest }): Given & { readonly target: Json } => ({
      ...rest,
      target: one,
      policy: { targets: [one] },
      old,
      operation: old === undefined ? "CREATE" : "UPDATE",
    }));
const given = givenOf(target);
const runs = { numRuns: 250 };

/** The fixed names that a target's fields may be set to. */
const defaultsOf = (target: Json): readonly string[] =>
  readPolicy({ name: "defaults", targets: [target] }).targets.flatMap(({ fields }) =>
    fields
      .flatMap((field) => [field, ...field.whenSet])
      .flatMap(({ onEmpty }) => (typeof onEmpty === "object" ? [onEmpty.default] : [])),
  );

describe("for every review, policy and answers", () => {
  test("the answer is sound", () => {
    fc.assert(
      fc.property(given, (one) => {
        expectSound(decide(one));
      }),
      runs,
    );
  });

  test("the patched object is what the same requester may create, and deciding again patches nothing", () => {
    fc.assert(
      fc.property(given, (one) => {
        const { patch } = decide({ ...one, endpoint: "mutate" });
        fc.pre(patch.length > 0);
        const again = decide({
          ...one,
          operation: "CREATE",
          object: patched(one.object, patch),
          old: null,
          endpoint: "mutate",
        });
        expect(again.patch).toEqual([]);
        expect(again.response.allowed).toBe(true);
      }),
      runs,
    );
  });

  test("only the requester is written, or the policy's default, which needs a yes or no permission at all", () => {
    fc.assert(
      fc.property(given, (one) => {
        const { patch, questions } = decide(one);
        const { username } = one.by as { username: string };
        const unprivileged = (one.target["unprivileged"] ?? []) as readonly unknown[];
        for (const { value } of patch) {
          if (typeof value === "object") expect(value).toEqual({});
          else if (value !== username) {
            expect(defaultsOf(one.target)).toContain(value);
            // A question about a service account has its bare name; a target's own permission is about its username.
            const asked = questions.filter(
              ({ resourceAttributes: { name } }) => String(value).endsWith(name) || name.endsWith(`:${value}`),
            );
            const isFree = unprivileged.includes(value);
            const own = !one.target["permission"] && [account("deployer"), "deployer"].includes(username);
            expect(own || isFree || asked.some((question) => one.answers?.(formatQuestion(question)) === "yes")).toBe(
              true,
            );
          }
        }
      }),
      runs,
    );
  });

  test("no privileged value is written, nor the account that it stands for unless the policy says so", () => {
    fc.assert(
      fc.property(given, (one) => {
        const { patch } = decide(one);
        const [policy] = readPolicy({ name: "privileged", targets: [one.target] }).targets;
        const { onPrivilegedRequester, fields = [] } = policy ?? {};
        const { privileged = {} } = fields[0] ?? {};
        const fixed = defaultsOf(one.target);
        for (const { value } of patch) {
          if (typeof value !== "string" || fixed.includes(value)) continue;
          expect(Object.keys(privileged)).not.toContain(value);
          if (onPrivilegedRequester === "deny") expect(Object.values(privileged)).not.toContain(value);
        }
      }),
      runs,
    );
  });

  test("a subresource is never patched, nor a field whose requester is never the identity", () => {
    fc.assert(
      fc.property(given, (one) => {
        const { patch } = decide(one);
        fc.pre(patch.length > 0);
        expect(one.request).toEqual({});
        expect(one.target["permission"] === undefined || defaultsOf(one.target).length > 0).toBe(true);
      }),
      runs,
    );
  });

  test("the patch makes the missing parents and the field, and touches nothing else", () => {
    fc.assert(
      fc.property(given, (one) => {
        const { patch, outcome } = decide(one);
        fc.pre(patch.length > 0);
        const before = one.object as Json;
        let now: unknown = before;
        for (const operation of patch) {
          const there = valueAt(before, operation.path);
          if (typeof operation.value === "object") expect(there ?? null).toBeNull();
          else expect(["string", "undefined", "object"]).toContain(typeof there);
          now = patched(now, [operation]);
        }
        const leaves = patch.filter(({ value }) => typeof value === "string");
        expect(leaves.length).toBeGreaterThan(0);
        expect(leaves.length).toBeLessThanOrEqual(outcome.fields);
        // Every operation is on the way to a field, and removing the fields restores the object.
        for (const { path } of patch) expect(leaves.some((leaf) => leaf.path.startsWith(path))).toBe(true);
        const without = (value: unknown): unknown =>
          leaves.reduce((at, { path }) => withoutAt(at, path), structuredClone(value));
        expect(withoutEmpty(without(now))).toEqual(withoutEmpty(without(before)));
      }),
      { numRuns: 150 },
    );
  });

  test("permitted by a permission only after a yes to that very question", () => {
    fc.assert(
      fc.property(givenOf(razee), (one) => {
        const { outcome } = decide(one);
        fc.pre(outcome.reason === "may-impersonate");
        const { effective } = outcome;
        const [, ns, sa] = /^system:serviceaccount:([a-z-]+):([a-z-]+)$/.exec(effective) ?? [];
        const question = ns ? `impersonate serviceaccounts/${sa} -n ${ns}` : `impersonate users/${effective}`;
        expect(one.answers?.(question)).toBe("yes");
        if (effective === "razeedeploy" || effective === "false")
          expect(one.answers?.("impersonate serviceaccounts/razeedeploy-sa -n razeedeploy")).toBe("yes");
      }),
      { numRuns: 300 },
    );
  });

  test("a yes that becomes a no permits nothing that was not permitted, and admits nothing that was refused", () => {
    fc.assert(
      fc.property(given, fc.func<[string], boolean>(fc.boolean()), (one, turned) => {
        const before = decide(one);
        const fewer = (question: string): Said => {
          const answer = one.answers?.(question) ?? "nothing";
          return answer === "yes" && turned(question) ? "no" : answer;
        };
        const after = decide({ ...one, answers: fewer });
        expect(after.questions).toEqual(before.questions);
        if (!before.response.allowed) expect(after.response.allowed).toBe(false);
        if (["denied", "replaced"].includes(before.outcome.decision))
          expect(["denied", "replaced"]).toContain(after.outcome.decision);
      }),
      runs,
    );
  });

  test("validate asks the same, patches nothing and admits exactly what mutate leaves alone, but for the status", () => {
    fc.assert(
      fc.property(given, (one) => {
        const mutated = decide({ ...one, endpoint: "mutate" });
        const validated = decide({ ...one, endpoint: "validate" });
        const isLeftAlone = mutated.response.allowed && mutated.patch.length === 0;
        expect(validated.patch).toEqual([]);
        if (isAboutStatus(one)) {
          expect(isLeftAlone || !validated.response.allowed).toBe(true);
          return;
        }
        expect(validated.questions).toEqual(mutated.questions);
        expect(validated.response.allowed).toBe(isLeftAlone);
        expect(validated.outcome.reason).toBe(mutated.outcome.reason);
      }),
      runs,
    );
  });

  test("mutate says of an object what it says of it without a status; validate takes the status for any member", () => {
    const said = (one: Given, endpoint: "mutate" | "validate") => {
      const { questions, response } = decide({ ...one, endpoint });
      return { questions, response };
    };
    fc.assert(
      fc.property(given, (one) => {
        fc.pre(Object.keys(one.request ?? {}).length === 0);
        expect(said(one, "mutate")).toEqual(said(withStatusAs(one, undefined), "mutate"));
        fc.pre(!hasFieldInStatus(one) && !hasStatusWriters(one));
        expect(said(one, "validate")).toEqual(said(withStatusAs(one, "state"), "validate"));
      }),
      runs,
    );
  });

  test("questions without answers admit nothing", () => {
    const never = answers(
      fc.constantFrom<Said>("nothing", { code: 502, failure: "odd" }, { code: 504, failure: "late" }),
    );
    fc.assert(
      fc.property(given, never, (one, silence) => {
        const { questions, response, outcome } = decide({ ...one, answers: silence });
        fc.pre(questions.length > 0);
        expect(response.allowed).toBe(false);
        expect(outcome.decision).toBe("denied");
      }),
      runs,
    );
  });

  test("a field is asked about by at most two names, and its requester", () => {
    fc.assert(
      fc.property(given, (one) => {
        const { questions, outcome } = decide(one);
        expect(questions.length).toBeLessThanOrEqual(2 * Math.max(outcome.fields, 0) + 1);
        expect(new Set(questions.map(formatQuestion)).size).toBe(questions.length);
        for (const { user, groups } of questions)
          expect({ username: user, groups }).toMatchObject(pick(one.by as Json));
      }),
      runs,
    );
  });

  test("the same review has the same outcome, and no shared prototype is changed", () => {
    fc.assert(
      fc.property(given, (one) => {
        expect(decide(one).response).toEqual(decide(one).response);
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { numRuns: 100 },
    );
  });
});

const pick = ({ username, groups }: Json) => ({ username, groups });
const pointed = (path: string): readonly string[] =>
  path
    .split("/")
    .slice(1)
    .map((part) => fastJsonPatch.unescapePathComponent(part));
const valueAt = (value: unknown, path: string): unknown =>
  pointed(path).reduce<unknown>(
    (at, part) => (typeof at === "object" && at !== null && Object.hasOwn(at, part) ? (at as Json)[part] : undefined),
    value,
  );
/** The same value without the member at a pointer. */
const withoutAt = (value: unknown, path: string): unknown => {
  const parts = pointed(path);
  const parent = parts.slice(0, -1).reduce<unknown>((at, part) => (at as Json | undefined)?.[part], value);
  if (typeof parent === "object" && parent !== null) delete (parent as Record<string, unknown>)[parts.at(-1) ?? ""];
  return value;
};
/** Without empty objects and nulls, which are missing parents before and after the patch. */
const withoutEmpty = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => withoutEmpty(item) ?? "nothing");
  if (typeof value !== "object" || value === null) return value ?? undefined;
  const members = Object.entries(value)
    .map(([each, member]) => [each, withoutEmpty(member)] as const)
    .filter(([, member]) => member !== undefined);
  return members.length > 0 ? Object.fromEntries(members) : undefined;
};

describe("for every text", () => {
  const policies = [
    readPolicy({ name: "razee", targets: [{ preset: "razee" }] }),
    readPolicy({ name: "all", targets: [targetOf(["spec.jobs[*].runAs", "metadata.name"])] }),
    readPolicy({ name: "audit", enforcement: "audit", targets: [{ preset: "razee" }] }),
  ];
  const judged = (text: string): void => {
    const review = readReview(text);
    if ("problem" in review) {
      expect(review).toEqual({ problem: expect.stringMatching(/./) });
      return;
    }
    for (const policy of policies)
      for (const endpoint of ["mutate", "validate"] as const) {
        const judgement = judge(policy, review.request, endpoint);
        const outcome = conclude(judgement, []);
        const { response } = writeReview(review, outcome, btoa);
        expect(response.uid).toBe(review.uid);
        expect(response.allowed).toBe(outcome.decision !== "denied" || policy.enforcement === "audit");
        expect(Object.keys(response.auditAnnotations).length).toBeGreaterThanOrEqual(5);
        expect(response.patch === undefined).toBe(response.patchType === undefined);
      }
  };

  test("every text is read, or refused with a sentence", () => {
    fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json()), judged), runs);
  });

  test("every text in the shape of a review is answered", () => {
    const known = fc.constantFrom(
      ...[
        "operation",
        "resource",
        "group",
        "version",
        "subResource",
        "namespace",
        "userInfo",
        "username",
        "groups",
        "extra",
      ],
      ...[
        "uid",
        "object",
        "oldObject",
        "spec",
        "clusterAuth",
        "impersonateUser",
        "status",
        "children",
        "jobs",
        "kind",
        "__proto__",
      ],
    );
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(
        "CREATE",
        "UPDATE",
        "alice",
        "deploy.razee.io",
        "v1",
        "mustachetemplates",
        "status",
        "",
        null,
      ),
      fc.jsonValue(),
      fc.string({ unit: "binary" }),
    );
    const tree = fc.letrec<{ node: unknown; object: object }>((tie) => ({
      node: fc.oneof({ depthSize: "small" }, leaf, fc.array(tie("node"), { maxLength: 3 }), tie("object")),
      object: fc.dictionary(known, tie("node"), { maxKeys: 6 }),
    })).object;
    const usual = {
      uid: "1",
      operation: "UPDATE",
      resource: { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" },
      userInfo: { username: "alice" },
      object: { spec: {} },
      oldObject: { spec: { a: 1 } },
    };
    const review = tree.map((changes) => ({
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      request: { ...usual, ...changes },
    }));
    fc.assert(
      fc.property(review, (one) => judged(JSON.stringify(one))),
      { numRuns: 400 },
    );
  });

  test("only a string is a name: any other value is refused or filled", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const { outcome, questions } = decide({
          object: { spec: { clusterAuth: { impersonateUser: value } } },
          answers: () => "yes",
        });
        if (typeof value === "string" && value !== "") return;
        expect(outcome.decision).toBe(value === null || value === "" ? "defaulted" : "denied");
        expect(questions).toEqual([]);
      }),
      runs,
    );
  });

  test("an object that did not change is skipped, and one that did is judged", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (before, now) => {
        const objectOf = (data: unknown): Json => ({ spec: { clusterAuth: { impersonateUser: "alice" }, data } });
        const { outcome } = decide({ operation: "UPDATE", old: objectOf(before), object: objectOf(now) });
        // Compared as JSON, which does not distinguish zero from negative zero.
        const same = isDeepStrictEqual(JSON.parse(JSON.stringify([before])), JSON.parse(JSON.stringify([now])));
        expect(outcome.decision).toBe(same ? "skipped" : "self");
      }),
      runs,
    );
  });
});

const resource = { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" };

describe("the verdicts on the fields, for every object, policy, requester and answers", () => {
  const written = fc.record({
    target,
    object,
    old: fc.option(object, { nil: undefined }),
    requester: userInfo,
    answer: fc.func<[string], Said>(said),
  });

  const judged = ({
    target,
    object: now,
    old,
    requester,
    answer,
  }: typeof written extends fc.Arbitrary<infer T> ? T : never) => {
    const policy = readPolicy({ name: "fields", targets: [target] });
    const judgement = judgeFields(policy, {
      resource,
      object: now,
      ...(old ? { oldObject: old } : {}),
      requester: { extra: {}, ...requester } as UserInfo,
    });
    const answers = judgement.questions.map((question) => answerOf(answer(formatQuestion(question))));
    return { policy, judgement, answers, verdicts: concludeFields(judgement, answers) };
  };
  /** A field that may stay empty says nothing where another one names an identity, or stands for one. */
  const rank = ({ decision, reason }: Pick<FieldVerdict, "decision" | "reason">): number =>
    reason === "empty-allowed" ? -1 : decisions.indexOf(decision);

  test("the outcome is the worst verdict, and the first of those that name an identity", () => {
    fc.assert(
      fc.property(written, (one) => {
        const { judgement, answers, verdicts } = judged(one);
        const outcome = conclude(judgement, answers);
        const all = verdicts.filter((verdict) => rank(verdict) === Math.max(...verdicts.map(rank)));
        const worst = all.find(({ declared }) => declared !== "") ?? all[0];
        expect(outcome).toMatchObject({
          decision: worst?.decision,
          reason: worst?.reason,
          message: worst?.sentence,
          declared: worst?.declared,
          effective: worst?.effective,
          field: worst?.at ?? "",
        });
      }),
      runs,
    );
  });

  test("a verdict that leaves a field as it is stands on a yes to each of its questions", () => {
    fc.assert(
      fc.property(written, (one) => {
        for (const { decision, questions } of judged(one).verdicts)
          if (decision === "self" || decision === "permitted")
            for (const question of questions) expect(one.answer(formatQuestion(question))).toBe("yes");
      }),
      runs,
    );
  });

  test("a field alone gets the verdict that it gets among the others", () => {
    fc.assert(
      fc.property(written, (one) => {
        const { policy, verdicts } = judged(one);
        const [target] = policy.targets;
        fc.pre(target !== undefined && verdicts.every(({ at: place }) => place !== undefined));
        // Places of the fields before it are not those of a path to any depth.
        const earlier = new Set<string>();
        const alone = target?.fields.flatMap((field) => {
          const judgement = judgeFields(
            { ...policy, targets: [{ ...target, fields: [field] }] },
            {
              resource,
              object: one.object,
              ...(one.old ? { oldObject: one.old } : {}),
              requester: { extra: {}, ...one.requester } as UserInfo,
            },
          );
          const answers = judgement.questions.map((question) => answerOf(one.answer(formatQuestion(question))));
          const own = concludeFields(judgement, answers).filter(({ at: place }) => place !== undefined);
          const left = own.filter(
            ({ segments = [] }) => !field.path.includes("deep") || !earlier.has(pointerOf(segments)),
          );
          for (const { segments = [] } of own) earlier.add(pointerOf(segments));
          return left;
        });
        expect(alone).toEqual(verdicts);
      }),
      runs,
    );
  });

  test("a review of the same write gets the same verdicts, where it is judged", () => {
    fc.assert(
      fc.property(written, (one) => {
        const { policy, verdicts } = judged(one);
        fc.pre(!JSON.stringify(one.target).includes('"status.'));
        const review = readReview(
          reviewText({
            object: one.object,
            old: one.old,
            operation: one.old ? "UPDATE" : "CREATE",
            by: one.requester as JsonObject,
            namespace: namespaceOf(one.object),
          }),
        );
        if (isProblem(review)) throw new Error(review.problem);
        const judgement = judge(policy, review.request, "mutate");
        const answers = judgement.questions.map((question) => answerOf(one.answer(formatQuestion(question))));
        const ofReview = concludeFields(judgement, answers);
        fc.pre(ofReview.every(({ reason }) => reason !== "unchanged" && reason !== "status-writer"));
        expect(ofReview).toEqual(verdicts);
      }),
      runs,
    );
  });
});

const namespaceOf = ({ metadata }: JsonObject): string => {
  const { namespace } = (metadata ?? {}) as JsonObject;
  return typeof namespace === "string" ? namespace : "";
};

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decisions } from "../../../../lib/decision/verdict.ts";
import {
  type Answer,
  conclude,
  concludeFields,
  type FieldVerdict,
  formatQuestion,
  isProblem,
  type JsonObject,
  type Judgement,
  judge,
  judgeFields,
  readPolicy,
  readReview,
  type UserInfo,
} from "../../../../lib/index.ts";
import { objectWith } from "../../../support/arbitrary/objects.ts";
import { target as anyTarget } from "../../../support/arbitrary/policies.ts";
import { userInfo } from "../../../support/arbitrary/requesters.ts";
import { account, reviewText, type Said, template, user } from "./given.ts";
import { at } from "./row.ts";

const resource = { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" };
const things = { group: "g.example", version: "v1", resource: "things" };
const scoped = { ...user("alice"), extra: { "scopes.authorization.openshift.io": ["user:info"] } };
const controller = account("razeedeploy-sa", "razeedeploy");
const steps = { group: "g.example", versions: ["v1"], resources: ["things"], fields: ["spec.steps[*].runAs"] };

/** A field of an object, and the verdict on it. */
interface FieldRow {
  readonly when: string;
  /** The policy's only target; the Razee preset where absent. */
  readonly target?: JsonObject;
  readonly object: JsonObject;
  readonly oldObject?: JsonObject;
  readonly by?: string | JsonObject;
  /** The answer to each question that is asked, and no other. */
  readonly asked?: Readonly<Record<string, Said>>;
  readonly verdicts: readonly ExpectedVerdict[];
}

interface ExpectedVerdict {
  readonly at?: string;
  readonly decision: FieldVerdict["decision"];
  readonly reason: FieldVerdict["reason"];
  readonly declared?: string;
  readonly effective?: string;
  readonly sentence: string;
  /** The questions that decide it. */
  readonly questions?: readonly string[];
}

const rows: readonly FieldRow[] = [
  {
    when: "the requester itself is asked about nothing",
    object: template("alice"),
    verdicts: [
      {
        at,
        decision: "self",
        reason: "requester",
        declared: "alice",
        effective: "alice",
        sentence: `${at} names the requester`,
      },
    ],
  },
  {
    when: "an identity that the requester may impersonate is permitted by one question",
    object: template("bob"),
    asked: { "impersonate users/bob": "yes" },
    verdicts: [
      {
        at,
        decision: "permitted",
        reason: "may-impersonate",
        declared: "bob",
        effective: "bob",
        sentence: 'alice may impersonate "bob"',
        questions: ["impersonate users/bob"],
      },
    ],
  },
  {
    when: "a forbidden identity of a new object is replaced",
    object: template("bob"),
    asked: { "impersonate users/bob": "no" },
    verdicts: [
      {
        at,
        decision: "replaced",
        reason: "forbidden",
        declared: "bob",
        effective: "alice",
        sentence: `${at}: "bob" replaced by "alice", who may not impersonate it`,
        questions: ["impersonate users/bob"],
      },
    ],
  },
  {
    when: "a forbidden identity of a stored object is inherited",
    object: template("bob"),
    oldObject: template("bob"),
    asked: { "impersonate users/bob": "no" },
    verdicts: [
      {
        at,
        decision: "replaced",
        reason: "inherited",
        declared: "bob",
        effective: "alice",
        sentence: `${at}: inherited "bob" replaced by "alice"; set the field yourself`,
        questions: ["impersonate users/bob"],
      },
    ],
  },
  {
    when: "an identity that the write changes is not inherited",
    object: template("bob"),
    oldObject: template("carol"),
    asked: { "impersonate users/bob": "no" },
    verdicts: [
      {
        at,
        decision: "replaced",
        reason: "forbidden",
        declared: "bob",
        effective: "alice",
        sentence: `${at}: "bob" replaced by "alice", who may not impersonate it`,
        questions: ["impersonate users/bob"],
      },
    ],
  },
  {
    when: "a stored object whose status alone could have changed is judged",
    object: { ...template("alice"), status: { children: {} } },
    oldObject: { ...template("alice"), status: { children: {} } },
    verdicts: [
      {
        at,
        decision: "self",
        reason: "requester",
        declared: "alice",
        effective: "alice",
        sentence: `${at} names the requester`,
      },
    ],
  },
  {
    when: "an empty field is set to the requester",
    object: template(),
    verdicts: [
      {
        at,
        decision: "defaulted",
        reason: "empty",
        effective: "alice",
        sentence: `${at} was empty and is set to "alice"`,
      },
    ],
  },
  {
    when: "a privileged value is decided by two questions",
    object: template("razeedeploy"),
    asked: {
      "impersonate users/razeedeploy": "yes",
      "impersonate serviceaccounts/razeedeploy-sa -n razeedeploy": "yes",
    },
    verdicts: [
      {
        at,
        decision: "permitted",
        reason: "may-impersonate",
        declared: "razeedeploy",
        effective: "razeedeploy",
        sentence: 'alice may impersonate "razeedeploy"',
        questions: ["impersonate users/razeedeploy", "impersonate serviceaccounts/razeedeploy-sa -n razeedeploy"],
      },
    ],
  },
  {
    when: "a question that the answers do not lead to decides nothing",
    object: template("bob"),
    by: scoped,
    asked: { "impersonate users/bob": "yes", "impersonate users/alice": "no" },
    verdicts: [
      {
        at,
        decision: "permitted",
        reason: "may-impersonate",
        declared: "bob",
        effective: "bob",
        sentence: 'alice may impersonate "bob"',
        questions: ["impersonate users/bob"],
      },
    ],
  },
  {
    when: "the answers lead from one question to the next",
    object: template("bob"),
    by: scoped,
    asked: { "impersonate users/bob": "no", "impersonate users/alice": "yes" },
    verdicts: [
      {
        at,
        decision: "replaced",
        reason: "forbidden",
        declared: "bob",
        effective: "alice",
        sentence: `${at}: "bob" replaced by "alice", who may not impersonate it`,
        questions: ["impersonate users/bob", "impersonate users/alice"],
      },
    ],
  },
  {
    when: "a question without an answer is named",
    object: template("bob"),
    by: scoped,
    asked: { "impersonate users/bob": "no", "impersonate users/alice": "nothing" },
    verdicts: [
      {
        at,
        decision: "denied",
        reason: "no-answer",
        declared: "bob",
        sentence: "whether alice may impersonate users/alice could not be found out: no answer came back",
        questions: ["impersonate users/bob", "impersonate users/alice"],
      },
    ],
  },
  {
    when: "a value of another type is denied without a question",
    object: template(5),
    verdicts: [
      { at, decision: "denied", reason: "not-a-string", sentence: `${at}: must be a string, not the number 5` },
    ],
  },
  {
    when: "the account of a privileged value is written into no field",
    object: template(),
    by: controller,
    verdicts: [
      {
        at,
        decision: "denied",
        reason: "privileged-requester",
        sentence: `${at} would be set to "${controller}", which the controller treats as all-powerful; set it to "razeedeploy" if the object is meant to run as the controller, or to the identity that it should run as`,
      },
    ],
  },
  {
    when: "each place of a walk has its own verdict, in the order of the object",
    target: steps,
    object: { spec: { steps: [{ runAs: "bob" }, {}, { runAs: "alice" }, { runAs: 5 }, { runAs: "carol" }] } },
    asked: { "impersonate users/bob": "yes", "impersonate users/carol": "no" },
    verdicts: [
      {
        at: "spec.steps[0].runAs",
        decision: "permitted",
        reason: "may-impersonate",
        declared: "bob",
        effective: "bob",
        sentence: 'alice may impersonate "bob"',
        questions: ["impersonate users/bob"],
      },
      {
        at: "spec.steps[1].runAs",
        decision: "defaulted",
        reason: "empty",
        effective: "alice",
        sentence: 'spec.steps[1].runAs was empty and is set to "alice"',
      },
      {
        at: "spec.steps[2].runAs",
        decision: "self",
        reason: "requester",
        declared: "alice",
        effective: "alice",
        sentence: "spec.steps[2].runAs names the requester",
      },
      {
        at: "spec.steps[3].runAs",
        decision: "denied",
        reason: "not-a-string",
        sentence: "spec.steps[3].runAs: must be a string, not the number 5",
      },
      {
        at: "spec.steps[4].runAs",
        decision: "replaced",
        reason: "forbidden",
        declared: "carol",
        effective: "alice",
        sentence: 'spec.steps[4].runAs: "carol" replaced by "alice", who may not impersonate it',
        questions: ["impersonate users/carol"],
      },
    ],
  },
  {
    when: "an equal question of two fields is asked once and decides both",
    target: { ...steps, onForbidden: "deny" },
    object: { spec: { steps: [{ runAs: "bob" }, { runAs: "bob" }] } },
    asked: { "impersonate users/bob": "yes" },
    verdicts: [0, 1].map((index) => ({
      at: `spec.steps[${index}].runAs`,
      decision: "permitted",
      reason: "may-impersonate",
      declared: "bob",
      effective: "bob",
      sentence: 'alice may impersonate "bob"',
      questions: ["impersonate users/bob"],
    })),
  },
  {
    when: "a field in the status is judged too",
    target: { ...steps, fields: ["status.runAs"] },
    object: { status: { runAs: "bob" } },
    asked: { "impersonate users/bob": "no" },
    verdicts: [
      {
        at: "status.runAs",
        decision: "denied",
        reason: "forbidden",
        declared: "bob",
        sentence: 'status.runAs: alice may not impersonate "bob"; get the permission to impersonate users/bob',
        questions: ["impersonate users/bob"],
      },
    ],
  },
  {
    when: "a bare service account is one of the object's namespace",
    target: { ...steps, fields: [{ path: "spec.account", serviceAccount: "name" }] },
    object: { metadata: { namespace: "team-b" }, spec: { account: "deployer" } },
    asked: { "impersonate serviceaccounts/deployer -n team-b": "yes" },
    verdicts: [
      {
        at: "spec.account",
        decision: "permitted",
        reason: "may-impersonate",
        declared: account("deployer", "team-b"),
        effective: account("deployer", "team-b"),
        sentence: `alice may impersonate "${account("deployer", "team-b")}"`,
        questions: ["impersonate serviceaccounts/deployer -n team-b"],
      },
    ],
  },
  ...[{}, { metadata: 5 }, { metadata: { namespace: 5 } }].map(
    (members): FieldRow => ({
      when: `a bare service account is none where the object has no namespace: ${JSON.stringify(members)}`,
      target: { ...steps, fields: [{ path: "spec.account", serviceAccount: "name" }] },
      object: { ...members, spec: { account: "deployer" } },
      verdicts: [
        {
          at: "spec.account",
          decision: "denied",
          reason: "unsafe-name",
          declared: "deployer",
          sentence: 'spec.account: "deployer" is not the name of a service account in a namespace',
        },
      ],
    }),
  ),
  {
    when: "an object without a field has one verdict, on the whole",
    target: steps,
    object: { spec: {} },
    verdicts: [{ decision: "skipped", reason: "no-field", sentence: "the object has no field that names an identity" }],
  },
  {
    when: "a resource that the policy does not cover has one verdict, on the whole",
    target: { ...steps, resources: ["others"] },
    object: { spec: { steps: [{ runAs: "bob" }] } },
    verdicts: [
      {
        decision: "denied",
        reason: "uncovered-resource",
        sentence:
          "policy fields does not cover things.v1.g.example; add it to the policy, or remove it from the webhook configuration",
      },
    ],
  },
  {
    when: "an object that names too many identities has one verdict, on the whole",
    target: steps,
    object: { spec: { steps: Array.from({ length: 65 }, (_, index) => ({ runAs: `user-${index}` })) } },
    verdicts: [
      {
        decision: "denied",
        reason: "too-many-identities",
        sentence:
          "the object names so many identities that 65 questions would be asked, of 64 at most; split the object",
      },
    ],
  },
];

const answerOf = (said: Said | undefined): Answer | undefined => {
  if (said === undefined || said === "nothing") return undefined;
  return typeof said === "string" ? { allowed: said === "yes", reason: "" } : said;
};

const judgementOf = ({ target, object, oldObject, by = "alice" }: FieldRow, enforcement = "enforce"): Judgement => {
  const policy = readPolicy({ name: "fields", enforcement, targets: [target ?? { preset: "razee" }] });
  const requester = { extra: {}, ...(typeof by === "string" ? user(by) : by) } as UserInfo;
  return judgeFields(policy, {
    resource: target ? things : resource,
    object: target ? object : { ...object, metadata: { namespace: "team-a" } },
    ...(oldObject ? { oldObject } : {}),
    requester,
  });
};

const told = ({ at: place, decision, reason, declared, effective, sentence, questions }: FieldVerdict) => ({
  at: place,
  decision,
  reason,
  declared,
  effective,
  sentence,
  questions: questions.map(formatQuestion),
});

const answersTo = ({ questions }: Judgement, { asked = {} }: FieldRow) =>
  questions.map((question) => answerOf(asked[formatQuestion(question)]));

describe("the verdict on each field", () => {
  test.each(rows.map((row) => [row.when, row] as const))("%s", (_, row) => {
    const judgement = judgementOf(row);
    expect(judgement.questions.map(formatQuestion)).toEqual(Object.keys(row.asked ?? {}));
    expect(concludeFields(judgement, answersTo(judgement, row)).map(told)).toEqual(
      row.verdicts.map((verdict) => ({ at: undefined, declared: "", effective: "", questions: [], ...verdict })),
    );
  });

  test.each(rows.map((row) => [row.when, row] as const))("does not depend on the enforcement: %s", (_, row) => {
    const enforced = judgementOf(row);
    for (const enforcement of ["audit", "off"]) {
      const judgement = judgementOf(row, enforcement);
      expect(judgement).toEqual(enforced);
      expect(judgement).toMatchObject({
        requester: row.by === controller ? controller : "alice",
        endpoint: "mutate",
        policy: { enforcement: "enforce" },
      });
    }
  });

  test("says what is written, and how", () => {
    const [verdict] = concludeFields(judgementOf({ when: "", object: template(), verdicts: [] }), []);
    expect(verdict).toMatchObject({
      segments: ["spec", "clusterAuth", "impersonateUser"],
      write: { value: "alice", missing: 1, present: false },
    });
  });
});

describe("the verdicts on the fields of a review", () => {
  const policy = readPolicy({
    name: "fields",
    targets: [{ ...steps, fields: ["spec.steps[*].runAs"], resources: ["things"] }],
  });
  const object = { spec: { steps: [{ runAs: "bob" }, {}, { runAs: "alice" }] } };
  const request = (() => {
    const review = readReview(reviewText({ resource: "things.v1.g.example", object }));
    if (isProblem(review)) throw new Error(review.problem);
    return review.request;
  })();
  const no = [{ allowed: false, reason: "" }];

  test("are carried out by mutate", () => {
    expect(concludeFields(judge(policy, request, "mutate"), no).map(({ decision }) => decision)).toEqual([
      "replaced",
      "defaulted",
      "self",
    ]);
  });

  test("are denials where validate would have to patch, with the same reasons and questions", () => {
    expect(concludeFields(judge(policy, request, "validate"), no)).toEqual([
      {
        segments: ["spec", "steps", 0, "runAs"],
        at: "spec.steps[0].runAs",
        decision: "denied",
        reason: "forbidden",
        sentence:
          'spec.steps[0].runAs: alice may not impersonate "bob"; set it to "alice", or get the permission to impersonate users/bob',
        code: 403,
        causes: [],
        declared: "bob",
        effective: "",
        questions: judge(policy, request, "mutate").questions,
      },
      {
        segments: ["spec", "steps", 1, "runAs"],
        at: "spec.steps[1].runAs",
        decision: "denied",
        reason: "empty",
        sentence: 'spec.steps[1].runAs is empty; set it to "alice" or to an identity that alice may impersonate',
        code: 403,
        causes: [],
        declared: "",
        effective: "",
        questions: [],
      },
      expect.objectContaining({ decision: "self", at: "spec.steps[2].runAs", questions: [] }),
    ]);
  });
});

describe("for every object, policy, requester and answers", () => {
  const said = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom<Said>("yes", "no") },
    { weight: 1, arbitrary: fc.constantFrom<Said>("nothing", { code: 503, failure: "away" }) },
  );
  const object = objectWith(fc.constantFrom<unknown>(1, { a: 1 }));
  const written = fc.record({
    target: anyTarget,
    object,
    old: fc.option(object, { nil: undefined }),
    requester: userInfo,
    answer: fc.func<[string], Said>(said),
  });
  const runs = { numRuns: 300 };

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
  const rank = ({ decision }: Pick<FieldVerdict, "decision">): number => decisions.indexOf(decision);

  test("the outcome is the worst verdict, and the first of those", () => {
    fc.assert(
      fc.property(written, (one) => {
        const { judgement, answers, verdicts } = judged(one);
        const outcome = conclude(judgement, answers);
        const worst = verdicts.find((verdict) => rank(verdict) === Math.max(...verdicts.map(rank)));
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
          return concludeFields(judgement, answers).filter(({ at: place }) => place !== undefined);
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

import { describe, expect, test } from "vitest";
import {
  concludeFields,
  type Endpoint,
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
import { account, answerOf, reviewText, type Said, template, user } from "./given.ts";
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
    when: "a field that names the requester needs no question",
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
    when: "an identity that the requester may impersonate is permitted after one question",
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
    when: "an object that did not change is judged all the same",
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
    when: "a privileged value needs a yes to two questions",
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
    when: "a question that the answers do not lead to is not listed",
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
      when: `a bare service account is denied where the object has no namespace: ${JSON.stringify(members)}`,
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
    when: "a permission is asked for without a namespace where the object has none",
    target: { ...steps, permission: { verb: "execute-as", group: "work.example", resource: "manifestworks" } },
    object: { spec: { steps: [{ runAs: "bob" }] } },
    asked: { "execute-as manifestworks.work.example/bob": "yes" },
    verdicts: [
      {
        at: "spec.steps[0].runAs",
        decision: "permitted",
        reason: "may-impersonate",
        declared: "bob",
        effective: "bob",
        sentence: 'alice may impersonate "bob"',
        questions: ["execute-as manifestworks.work.example/bob"],
      },
    ],
  },
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

  test("names the written value, and the missing parents", () => {
    const [verdict] = concludeFields(judgementOf({ when: "", object: template(), verdicts: [] }), []);
    expect(verdict).toMatchObject({
      segments: ["spec", "clusterAuth", "impersonateUser"],
      write: { value: "alice", missing: 1, present: false },
    });
  });
});

describe("the verdicts on the fields of a review", () => {
  const judged = (endpoint: Endpoint): Judgement => {
    const object = { spec: { steps: [{ runAs: "bob" }, {}, { runAs: "alice" }] } };
    const review = readReview(reviewText({ resource: "things.v1.g.example", object }));
    if (isProblem(review)) throw new Error(review.problem);
    return judge(readPolicy({ name: "fields", targets: [steps] }), review.request, endpoint);
  };
  const no = [{ allowed: false, reason: "" }];

  test("are carried out by mutate", () => {
    expect(concludeFields(judged("mutate"), no).map(({ decision }) => decision)).toEqual([
      "replaced",
      "defaulted",
      "self",
    ]);
  });

  test("are denials where validate would have to patch, with the same reasons and questions", () => {
    expect(concludeFields(judged("validate"), no)).toEqual([
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
        questions: judged("mutate").questions,
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

import { describe, expect, test } from "vitest";
import {
  conclude,
  type Endpoint,
  formatQuestion,
  isProblem,
  judge,
  readPolicy,
  readReview,
} from "../../../../lib/index.ts";
import { account, decide, type Given, patched, reviewText, template, user } from "./given.ts";

const requestOf = (given: Given) => {
  const review = readReview(reviewText(given));
  if (isProblem(review)) throw new Error(review.problem);
  return review.request;
};
const judged = (request: Parameters<typeof judge>[1], endpoint: Endpoint = "mutate") =>
  judge(readPolicy({ name: "razee", targets: [{ preset: "razee" }] }), request, endpoint);

describe("a question", () => {
  const alice = { username: "alice", uid: "2", groups: ["team-a", "", "team-a"], extra: { "acme.com/x": ["1", "2"] } };

  test("carries all of the requester, and asks as the API server does", () => {
    expect(judged(requestOf({ by: alice, object: template("bob") })).questions).toEqual([
      {
        user: "alice",
        uid: "2",
        groups: ["team-a", "", "team-a"],
        extra: { "acme.com/x": ["1", "2"] },
        resourceAttributes: { verb: "impersonate", group: "", version: "v1", resource: "users", name: "bob" },
      },
    ]);
  });

  test("about a service account has its namespace, and one about a user has none", () => {
    expect(judged(requestOf({ object: template(account("deployer", "team-b")) })).questions).toEqual([
      {
        user: "alice",
        groups: ["system:authenticated"],
        extra: {},
        resourceAttributes: {
          verb: "impersonate",
          group: "",
          version: "v1",
          resource: "serviceaccounts",
          namespace: "team-b",
          name: "deployer",
        },
      },
    ]);
  });

  test.each([
    ["a group", "group", { resource: "groups", name: "dev" }],
    ["all service accounts", "anything", { resource: "serviceaccounts", namespace: "team-a", name: "" }],
  ])("about %s is as exact", (_, names, attributes) => {
    const fields = [{ path: "spec.who", names }];
    const target = { group: "g.example", versions: ["v1"], resources: ["things"], fields };
    const policy = readPolicy({ name: "own", targets: [target] });
    const object = { spec: { who: "dev" } };
    const { questions } = judge(policy, requestOf({ resource: "things.v1.g.example", object }), "mutate");
    expect(questions.map(({ resourceAttributes }) => resourceAttributes)).toEqual([
      { verb: "impersonate", group: "", version: "v1", ...attributes },
    ]);
  });

  test("of a policy's own goes to that resource, in every version", () => {
    const permission = { verb: "execute-as", group: "work.example", resource: "manifestworks" };
    const target = { group: "g.example", versions: ["v1"], resources: ["things"], fields: ["spec.runAs"], permission };
    const policy = readPolicy({ name: "own", targets: [target] });
    const object = { spec: { runAs: account("deployer") } };
    const { questions } = judge(policy, requestOf({ resource: "things.v1.g.example", object }), "mutate");
    expect(questions.map(({ resourceAttributes }) => resourceAttributes)).toEqual([
      { ...permission, version: "*", namespace: "team-a", name: account("deployer") },
    ]);
  });
});

describe("answers", () => {
  const twoQuestions = () => judged(requestOf({ object: template("razeedeploy") }));
  const yes = { allowed: true, reason: "" };
  const no = { allowed: false, reason: "" };

  test.each([
    ["in the order of the questions", [yes, no], "replaced"],
    ["all of them yes", [yes, yes], "permitted"],
    ["one too few", [yes], "denied"],
    ["none", [], "denied"],
    ["one too many", [yes, yes, no], "permitted"],
    ["one that is undefined", [undefined, yes], "denied"],
  ] as const)("%s", (_, answers, decision) => {
    const judgement = twoQuestions();
    expect(judgement.questions.map(formatQuestion)).toEqual([
      "impersonate users/razeedeploy",
      "impersonate serviceaccounts/razeedeploy-sa -n razeedeploy",
    ]);
    expect(conclude(judgement, answers).decision).toBe(decision);
  });

  test.each(["yes", "true", 1, {}, null, undefined])("allowed: %j does not count as a yes", (allowed) => {
    const answer = { allowed, reason: "" } as unknown as typeof yes;
    expect(conclude(twoQuestions(), [answer, yes]).decision).not.toBe("permitted");
  });
});

describe("the outcome, apart from the written answer", () => {
  const concluded = (given: Given) => decide(given).outcome;

  test("the code is 200 unless the decision is a denial", () => {
    expect(concluded({ object: template("alice") }).code).toBe(200);
  });

  test("only invalid values are causes", () => {
    const answers = (said: "no" | "nothing") => () => said;
    expect(concluded({ object: template(5) }).causes).toHaveLength(1);
    expect(concluded({ by: null }).causes).toEqual([]);
    expect(concluded({ endpoint: "validate", object: template("bob"), answers: answers("no") }).causes).toEqual([]);
    expect(concluded({ by: "false", object: template("bob"), answers: answers("no") }).causes).toEqual([]);
    expect(concluded({ object: template("bob"), answers: answers("nothing") }).causes).toEqual([]);
  });

  test("the field is named, and empty where the verdict is on the review", () => {
    expect(concluded({ object: template("alice") })).toMatchObject({
      field: "spec.clusterAuth.impersonateUser",
      fields: 1,
    });
    expect(concluded({ operation: "DELETE" })).toMatchObject({ field: "", fields: 0 });
  });

  test("the requester is named, and empty where the review has none", () => {
    expect(concluded({ object: template("bob") }).requester).toBe("alice");
    expect(concluded({ by: null, object: template("bob") }).requester).toBe("");
    expect(concluded({ request: { resource: null } }).requester).toBe("");
  });
});

test("an unknown endpoint patches nothing", () => {
  const judgement = judged(requestOf({ object: template() }), "patch" as "mutate");
  expect(conclude(judgement, [])).toMatchObject({ decision: "denied", patch: [] });
});

describe("warnings fit 120 characters", () => {
  const usual = ["alice", "bob.miller", "alice@example.com", account("builder")];

  test.each(usual.flatMap((by) => ["carol", "carol@example.com"].map((declared) => [by, declared] as const)))(
    "%s declares %s",
    (by, declared) => {
      const warningsOf = (given: Given) =>
        decide({ by: user(by, "team-a"), answers: () => "no", ...given }).outcome.warnings;
      const warnings = [
        ...warningsOf({ object: template(declared) }),
        ...warningsOf({ object: template() }),
        ...warningsOf({ operation: "UPDATE", old: template(declared), object: template(declared, { more: 1 }) }),
      ];
      expect(warnings).toHaveLength(5);
      const names = by.length + declared.length;
      for (const warning of warnings) expect(warning.length).toBeLessThanOrEqual(names > 36 ? 140 : 120);
    },
  );

  test("in audit mode too, with short names", () => {
    const audit = { policy: { enforcement: "audit" }, by: "bob", answers: () => "no" as const };
    const declared = template("alice");
    const { warnings } = decide({ ...audit, object: declared }).outcome;
    const inherited = decide({ ...audit, operation: "UPDATE", old: declared, object: template("alice", { more: 1 }) });
    for (const warning of [...warnings, ...inherited.outcome.warnings]) expect(warning.length).toBeLessThanOrEqual(120);
  });
});

describe("objects that are nested deeper than the stack", () => {
  const deep = (leaf: string) =>
    `{"spec":{"clusterAuth":{"impersonateUser":"alice"},"data":${"[".repeat(50_000)}${leaf}${"]".repeat(50_000)}}}`;
  const update = { operation: "UPDATE", by: "bob", answers: () => "no" as const };

  test("an unchanged one is skipped", () => {
    expect(decide({ ...update, oldText: deep("1"), objectText: deep("1") }).outcome.reason).toBe("unchanged");
  });

  test("a changed one is judged and patched", () => {
    const { outcome, patch } = decide({ ...update, oldText: deep("1"), objectText: deep("2") });
    expect(outcome.reason).toBe("inherited");
    expect(patch).toHaveLength(1);
  });

  test("one whose big numbers cannot be told apart any more is judged: doubt is a change", () => {
    const text = deep("9007199254740993");
    expect(decide({ ...update, oldText: text, objectText: text }).outcome.reason).toBe("inherited");
  });
});

test("a patch leaves the rest of the object as it is, big numbers included", () => {
  const objectText = '{"metadata":{"labels":{"a":"b"}},"spec":{"limit":9007199254740993,"templates":[{"x":null}]}}';
  const { patch } = decide({ objectText });
  expect(JSON.stringify(patch)).not.toContain("900719925474099");
  expect(patched(JSON.parse(objectText), patch)).toEqual({
    metadata: { labels: { a: "b" } },
    spec: { ...JSON.parse(objectText).spec, clusterAuth: { impersonateUser: "alice" } },
  });
});

describe("the text of a review is read again only where a comparison meets a big number", () => {
  const rereads = (old: string, object: string): number => {
    const request = requestOf({ operation: "UPDATE", oldText: old, objectText: object });
    if (isProblem(request)) throw new Error(request.problem);
    let count = 0;
    const exact = () => {
      count++;
      return request.exact();
    };
    judged({ ...request, exact });
    return count;
  };

  test.each([
    ["small numbers", '{"spec":{"a":1}}', '{"spec":{"a":1}}', 0],
    ["a big number that stayed", '{"spec":{"a":9007199254740993}}', '{"spec":{"a":9007199254740993}}', 1],
    [
      "a big number beside a change",
      '{"spec":{"a":9007199254740993,"b":1}}',
      '{"spec":{"a":9007199254740993,"b":2}}',
      0,
    ],
    [
      "a big number outside the compared parts",
      '{"metadata":{"a":9007199254740993}}',
      '{"metadata":{"a":9007199254740993}}',
      0,
    ],
  ])("%s", (_, old, object, count) => {
    expect(rereads(old, object)).toBe(count);
  });
});

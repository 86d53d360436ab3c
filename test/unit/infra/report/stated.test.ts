import { expect, test } from "vitest";
import { statedBy } from "../../../../infra/report/stated.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const resource = { group: "deploy.razee.io", version: "v1", resource: "mustachetemplates" };
const field = ["spec.clusterAuth.impersonateUser"];
const controller = "system:serviceaccount:razeedeploy:razeedeploy-sa";

const policyWith = (more: object) =>
  readPolicy({
    name: "test",
    targets: [{ group: resource.group, versions: ["*"], resources: [resource.resource], fields: field, ...more }],
  });

const stated = (value: unknown, more: object = { privileged: { razeedeploy: controller } }, enforcement = "enforce") =>
  statedBy({ ...policyWith(more), enforcement: enforcement as "enforce" }, resource, {
    metadata: { namespace: "a", name: "x" },
    spec: { clusterAuth: { impersonateUser: value } },
  }).map(({ kind, declared, standsFor, permissions }) => [
    kind,
    declared,
    standsFor,
    permissions.map(({ resource: plural, namespace, name }) => [plural, namespace, name].filter(Boolean).join("/")),
  ]);

test.for([
  ["bob", "named", "bob", "", ["users/bob"]],
  ["system:serviceaccount:b:c", "named", "system:serviceaccount:b:c", "", ["serviceaccounts/b/c"]],
  [
    "razeedeploy",
    "privileged",
    "razeedeploy",
    controller,
    ["users/razeedeploy", "serviceaccounts/razeedeploy/razeedeploy-sa"],
  ],
  [controller, "privileged", controller, controller, ["serviceaccounts/razeedeploy/razeedeploy-sa"]],
  ["", "empty", "", "", []],
  [null, "empty", "", "", []],
  [undefined, "empty", "", "", []],
  ["zo\u00eb", "unsafe-name", "zo\u00eb", "", []],
  [5, "not-a-string", "", "", []],
] as const)("%j is %s", ([value, ...expected]) => {
  expect(stated(value)).toEqual([expected]);
});

test("what the object says does not depend on how the policy is enforced", () => {
  for (const enforcement of ["audit", "off"]) expect(stated("bob", {}, enforcement)).toEqual(stated("bob", {}));
});

test("an empty field that may be empty is nothing to look at", () => {
  expect(stated("", { onEmpty: "allow", emptyIsUnprivileged: true })).toEqual([]);
});

test("an empty field that stands for an identity says for whom, and is kept by those who may impersonate that", () => {
  expect(stated("", { emptyStandsFor: "flux" })).toEqual([["empty", "", "flux", ["users/flux"]]]);
});

test("an empty field that has a default is empty, whoever may impersonate the default", () => {
  expect(stated("", { onEmpty: { default: "guest" } })).toEqual([["empty", "", "", ["users/guest"]]]);
});

test("a service account is its username", () => {
  const fields = [{ path: field[0], serviceAccount: "name" }];
  expect(stated("builder", { fields })).toEqual([
    ["named", "system:serviceaccount:a:builder", "", ["serviceaccounts/a/builder"]],
  ]);
  expect(stated("Not A Name", { fields })).toEqual([["unsafe-name", "Not A Name", "", []]]);
});

test("every place of a path is looked at, and an object that has none says nothing", () => {
  const policy = policyWith({ fields: ["spec.steps[*].user"] });
  const kinds = (steps: unknown) =>
    statedBy(policy, resource, { metadata: { name: "x" }, spec: { steps } }).map((one) => [one.field, one.kind]);
  expect(kinds([{ user: "bob" }, {}, { user: 5 }])).toEqual([
    ["spec.steps[0].user", "named"],
    ["spec.steps[1].user", "empty"],
    ["spec.steps[2].user", "not-a-string"],
  ]);
  expect(kinds([])).toEqual([]);
  expect(kinds(Array.from({ length: 65 }, (_, n) => ({ user: `u${n}` })))).toMatchObject([
    [expect.any(String), "too-many-identities"],
  ]);
});

test.for(["unnameable", "unnameable\n"])("no object can name the user that the report judges it with: %j", (name) => {
  expect(stated(name)).toHaveLength(1);
});

/** The fields of an object in namespace `a`, by the place of each. */
const ofObject = (more: object, object: object) =>
  Object.fromEntries(
    statedBy(policyWith(more), resource, { metadata: { namespace: "a", name: "x" }, ...object }).map(
      ({ field, kind, declared, standsFor, permissions }) => [
        field,
        [
          kind,
          declared || standsFor,
          ...permissions.map(({ verb, resource: plural, namespace = "", name }) =>
            [verb, plural, namespace, name].join(" "),
          ),
        ],
      ],
    ),
  );

const mayBeEmpty = { onEmpty: "allow", emptyIsUnprivileged: true };
const account = { path: "spec.sa", serviceAccount: "name", ...mayBeEmpty };
const inNamespace = (name: string, namespace = "a") => `system:serviceaccount:${namespace}:${name}`;
const fluxAccount = { path: "spec.sa", serviceAccount: "name", emptyStandsFor: "flux" };

test.for([
  {
    what: "each group of a list",
    fields: [{ path: "spec.groups", names: "group", ...mayBeEmpty }],
    object: { spec: { groups: ["dev", "ops"] } },
    expected: {
      "spec.groups[0]": ["named", "dev", "impersonate groups  dev"],
      "spec.groups[1]": ["named", "ops", "impersonate groups  ops"],
    },
  },
  {
    what: "a value that can name any account",
    fields: [{ path: "spec.patch", names: "anything" }],
    object: { spec: { patch: { a: 1 } } },
    expected: { "spec.patch": ["any-account", "", "impersonate serviceaccounts a "] },
  },
  {
    what: "a value that stands for an identity",
    fields: [{ path: "spec.kubeConfig", standsFor: "flux" }],
    object: { spec: { kubeConfig: {} } },
    expected: { "spec.kubeConfig": ["privileged", "flux", "impersonate users  flux"] },
  },
  {
    what: "such a value that is absent",
    fields: [{ path: "spec.patch", names: "anything" }],
    object: { spec: {} },
    expected: {},
  },
  {
    what: "an account at any depth, beside a field with a rule of its own",
    fields: [
      { path: "spec.root.sa", serviceAccount: "name", permission: { verb: "use", group: "", resource: "pets" } },
      { ...account, path: "spec.**.sa" },
    ],
    object: { spec: { root: { sa: "one" }, deep: [{ er: { sa: "two" } }] } },
    expected: {
      "spec.root.sa": ["named", inNamespace("one"), `use pets a ${inNamespace("one")}`],
      "spec.**[0].**.sa": ["named", inNamespace("two"), "impersonate serviceaccounts a two"],
    },
  },
  {
    what: "an account of another namespace",
    fields: [{ path: "spec.sa", serviceAccount: { namespaceKey: "ns" } }],
    object: { spec: { sa: "x", ns: "b" } },
    expected: { "spec.sa": ["other-namespace", inNamespace("x", "b"), "impersonate serviceaccounts b x"] },
  },
  {
    what: "an account of another namespace on another cluster",
    fields: [
      {
        ...{ path: "spec.sa", serviceAccount: { namespaceKey: "ns" } },
        permission: { verb: "execute-as", group: "x", resource: "works" },
      },
    ],
    object: { spec: { sa: "x", ns: "b" } },
    expected: { "spec.sa": ["named", inNamespace("x", "b"), `execute-as works a ${inNamespace("x", "b")}`] },
  },
  {
    what: "an account whose namespace stands elsewhere in the object",
    fields: [{ path: "spec.sa", serviceAccount: { namespaceAt: "spec.destination.ns" } }],
    object: { spec: { sa: "x", destination: { ns: "b" } } },
    expected: { "spec.sa": ["other-namespace", inNamespace("x", "b"), "impersonate serviceaccounts b x"] },
  },
  {
    what: "an identity in the status alone",
    fields: [account, { ...account, path: "status.sa" }],
    object: { spec: { sa: "one" }, status: { sa: "two" } },
    expected: {
      "spec.sa": ["named", inNamespace("one"), "impersonate serviceaccounts a one"],
      "status.sa": ["in-status", inNamespace("two"), "impersonate serviceaccounts a two"],
    },
  },
  {
    what: "an identity in the status that the spec names too",
    fields: [account, { ...account, path: "status.sa" }],
    object: { spec: { sa: "one" }, status: { sa: "one" } },
    expected: {
      "spec.sa": ["named", inNamespace("one"), "impersonate serviceaccounts a one"],
      "status.sa": ["named", inNamespace("one"), "impersonate serviceaccounts a one"],
    },
  },
  {
    what: "a name that needs no permission",
    fields: [{ ...account, unprivileged: ["default"] }],
    object: { spec: { sa: "default" } },
    expected: {},
  },
  {
    what: "an empty field that stands for an account, where no condition holds",
    fields: [{ ...fluxAccount, whenSet: [{ path: "spec.remote.name", ...mayBeEmpty }] }],
    object: { spec: { remote: {} } },
    expected: { "spec.sa": ["empty", "flux", "impersonate users  flux"] },
  },
  {
    what: "the same field where the condition holds",
    fields: [{ ...fluxAccount, whenSet: [{ path: "spec.remote.name", ...mayBeEmpty }] }],
    object: { spec: { remote: { name: "prod" } } },
    expected: {},
  },
])("$what", ({ fields, object, expected }) => {
  expect(ofObject({ fields }, object)).toEqual(expected);
});

test("a member that differs in letter case from a guarded one, where its controller ignores that", () => {
  const object = { spec: { SA: "root" } };
  expect(ofObject({ fields: [account], ignoresLetterCase: true }, object)).toEqual({ "spec.SA": ["letter-case", ""] });
  expect(ofObject({ fields: [account] }, object)).toEqual({});
});

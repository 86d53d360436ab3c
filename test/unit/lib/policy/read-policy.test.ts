import { describe, expect, test } from "vitest";
import { PolicyError, readPolicy, withoutPresets } from "../../../../lib/index.ts";
import { identityPaths, targetOf } from "../../../../lib/policy/policy.ts";
import { presets } from "../../../../lib/presets/index.ts";

const key = (name: string) => ({ key: name });
const target = { group: "g.example", versions: ["v1"], resources: ["things"], fields: ["spec.runAs"] };
const withTarget = (...changes: readonly object[]) => ({
  name: "mine",
  targets: changes.map((change) => ({ ...target, ...change })),
});
const account = { path: "spec.sa", serviceAccount: "name" };
const presetNames = Object.keys(presets)
  .map((name) => JSON.stringify(name))
  .join(", ");

describe("a policy says little and means much", () => {
  test("the Razee preset", () => {
    expect(readPolicy({ name: "razee", targets: [{ preset: "razee" }] })).toEqual({
      name: "razee",
      enforcement: "enforce",
      narrowing: ["scopes.authorization.openshift.io"],
      targets: [
        {
          group: "deploy.razee.io",
          versions: ["*"],
          resources: [
            "remoteresources",
            "mustachetemplates",
            "encryptedresources",
            "remoteresourcess3",
            "featureflagsetsld",
          ],
          fields: [
            {
              path: [key("spec"), key("clusterAuth"), key("impersonateUser")],
              names: "username",
              privileged: {
                razeedeploy: "system:serviceaccount:razeedeploy:razeedeploy-sa",
                false: "system:serviceaccount:razeedeploy:razeedeploy-sa",
              },
              unprivileged: [],
              onForbidden: "requester",
              onEmpty: "requester",
              emptyStandsFor: "system:serviceaccount:razeedeploy:razeedeploy-sa",
              whenSet: [],
            },
          ],
          statusPaths: [[key("status"), key("children")]],
          onPrivilegedRequester: "deny",
          writers: [],
          statusWriters: [],
          ignoresLetterCase: false,
        },
      ],
    });
  });

  test("the Razee preset, with choices", () => {
    const preset = {
      preset: "razee",
      controller: "system:serviceaccount:a:b",
      onForbidden: "deny",
      onEmpty: "deny",
      onPrivilegedRequester: "default",
    };
    expect(readPolicy({ name: "razee", enforcement: "audit", narrowing: [], targets: [preset] })).toMatchObject({
      enforcement: "audit",
      narrowing: [],
      targets: [
        {
          fields: [
            {
              privileged: { razeedeploy: "system:serviceaccount:a:b", false: "system:serviceaccount:a:b" },
              onForbidden: "deny",
              onEmpty: "deny",
              emptyStandsFor: "system:serviceaccount:a:b",
            },
          ],
          onPrivilegedRequester: "default",
        },
      ],
    });
  });

  test("a field that names a user is set to the requester", () => {
    expect(readPolicy(withTarget({})).targets).toEqual([
      {
        ...target,
        fields: [
          {
            path: [key("spec"), key("runAs")],
            names: "username",
            ...{ privileged: {}, unprivileged: [], whenSet: [], onForbidden: "requester", onEmpty: "requester" },
          },
        ],
        statusPaths: [],
        writers: [],
        statusWriters: [],
        ignoresLetterCase: false,
        onPrivilegedRequester: "deny",
      },
    ]);
  });

  test("a field that names a service account is refused", () => {
    expect(readPolicy(withTarget({ fields: [account] })).targets).toEqual([
      {
        ...target,
        fields: [
          {
            path: [key("spec"), key("sa")],
            serviceAccount: "name",
            names: "serviceAccount",
            ...{ privileged: {}, unprivileged: [], whenSet: [], onForbidden: "deny", onEmpty: "deny" },
          },
        ],
        statusPaths: [],
        writers: [],
        statusWriters: [],
        ignoresLetterCase: false,
        onPrivilegedRequester: "deny",
      },
    ]);
  });

  test("everything that a target may say", () => {
    const all = {
      ...target,
      versions: ["*"],
      resources: ["things", "other-things"],
      fields: [
        { path: "spec.sa", serviceAccount: { namespaceKey: "example.com/ns" } },
        { path: "spec.jobs[*].sa", serviceAccount: { namespaceAt: "spec.target.namespace", colon: true } },
      ],
      statusPaths: ["status.children", "status"],
      privileged: { admin: "cluster-admin" },
      unprivileged: ["nothing"],
      onForbidden: "deny",
      onEmpty: { default: "default" },
      emptyIsUnprivileged: true,
      writers: [{ username: "copier", copiesFrom: "other-things.g.example" }],
      permission: { verb: "use", group: "", resource: "accounts" },
      emptyStandsFor: "guest",
      onPrivilegedRequester: "default",
      statusWriters: ["system:serviceaccount:argo:argo"],
      ignoresLetterCase: true,
    };
    const { group, versions, resources, onPrivilegedRequester, writers, statusWriters, ignoresLetterCase } = all;
    const { privileged, unprivileged, onForbidden, onEmpty, permission, emptyStandsFor } = all;
    const rule = { privileged, unprivileged, onForbidden, onEmpty, permission, emptyStandsFor, whenSet: [] };
    expect(readPolicy({ name: "mine", targets: [all] }).targets).toEqual([
      {
        ...{ group, versions, resources, onPrivilegedRequester, writers, statusWriters, ignoresLetterCase },
        fields: [
          {
            path: [key("spec"), key("sa")],
            names: "serviceAccount",
            serviceAccount: { namespaceKey: "example.com/ns" },
            ...rule,
          },
          {
            path: [key("spec"), key("jobs"), "each", key("sa")],
            names: "serviceAccount",
            serviceAccount: { namespaceAt: [key("spec"), key("target"), key("namespace")], colon: true },
            ...rule,
          },
        ],
        statusPaths: [[key("status"), key("children")], [key("status")]],
      },
    ]);
  });

  const rulesOf = (fields: readonly object[], more: object = {}) =>
    readPolicy(withTarget({ fields, ...more })).targets[0]?.fields;

  test("a field may have members of its own in place of the target's", () => {
    const root = { root: "admin" };
    expect(
      rulesOf(
        ["spec.runAs", { path: "spec.other", onForbidden: "deny", onEmpty: "deny", privileged: {} }] as object[],
        {
          privileged: root,
        },
      ),
    ).toMatchObject([
      { onForbidden: "requester", onEmpty: "requester", privileged: root },
      { onForbidden: "deny", onEmpty: "deny", privileged: {} },
    ]);
  });

  test("what a field says of an empty one replaces all that its target says of it", () => {
    const usual = { onEmpty: "allow", emptyIsUnprivileged: true };
    const [first, second] = rulesOf([account, { ...account, path: "spec.b", emptyStandsFor: "guest" }], usual) ?? [];
    expect(first).toMatchObject({ onEmpty: "allow" });
    expect(second).toMatchObject({ onEmpty: "stands", emptyStandsFor: "guest" });
    const [third] = rulesOf([{ ...account, onEmpty: "deny" }], { emptyStandsFor: "guest" }) ?? [];
    expect(third?.emptyStandsFor).toBeUndefined();
  });

  test("one target may have fields of every kind", () => {
    const fields = [
      "spec.runAs",
      account,
      { path: "spec.groups", names: "group" },
      { path: "spec.podSpecPatch", names: "anything" },
      { path: "spec.kubeConfig.serviceAccountName", standsFor: "guest" },
    ] as object[];
    expect(rulesOf(fields)).toMatchObject([
      { names: "username", onForbidden: "requester", onEmpty: "requester" },
      { names: "serviceAccount", onForbidden: "deny", onEmpty: "deny" },
      { names: "group", onForbidden: "deny", onEmpty: "deny" },
      { names: "anything", onForbidden: "deny", onEmpty: "allow" },
      { names: "anything", standsFor: "guest", onForbidden: "deny", onEmpty: "allow" },
    ]);
  });

  test("a field may have another rule where another path is set", () => {
    const whenSet = [
      { path: "spec.kubeConfig.secretRef.name", onEmpty: "allow", emptyIsUnprivileged: true },
      { path: "spec.other", permission: { verb: "use", group: "", resource: "accounts" } },
    ];
    expect(rulesOf([{ ...account, emptyStandsFor: "guest", whenSet }])).toMatchObject([
      {
        onEmpty: "stands",
        whenSet: [
          { path: [key("spec"), key("kubeConfig"), key("secretRef"), key("name")], onEmpty: "allow" },
          { path: [key("spec"), key("other")], onEmpty: "stands", permission: { verb: "use" } },
        ],
      },
    ]);
  });

  const permission = { verb: "execute-as", group: "work.example", resource: "manifestworks" };
  test.each([
    ["a field with a permission is never set to the requester", { permission }, "deny", "deny"],
    ["a field in the status is set to nothing", { fields: ["status.runAs"] }, "deny", "deny"],
    ["nor is one beside another", { fields: ["spec.runAs", "status.runAs"] }, "deny", "deny"],
    ["an empty field stands for an identity, and stays empty", { emptyStandsFor: "guest" }, "requester", "stands"],
    ["an empty account does, too", { fields: [account], emptyStandsFor: "guest" }, "deny", "stands"],
    ["what an empty field is set to counts", { emptyStandsFor: "guest", onEmpty: "deny" }, "requester", "deny"],
  ])("%s", (_, change, onForbidden, onEmpty) => {
    expect(readPolicy(withTarget(change)).targets[0]?.fields.at(-1)).toMatchObject({ onForbidden, onEmpty });
  });

  test.each([
    ["an object for a field that names a user", { fields: [{ path: "spec.runAs" }] }],
    ["a group of one part", { group: "apps" }],
    ["a group of four", { group: "a.b.c-d.example" }],
    ["a version of one letter", { versions: ["v"] }],
    ["a version that is not stable yet", { versions: ["v1beta1"] }],
    ["a resource of one letter", { resources: ["x"] }],
    ["a status that is not the status", { fields: ["spec.status.runAs"] }],
    ["an empty field that is refused", { onEmpty: "deny" }],
    ["a core resource", { group: "", versions: ["v1"], resources: ["pods"] }],
    ["an empty field that has no rights", { onEmpty: "allow", emptyIsUnprivileged: true }],
    ["a default for users", { onEmpty: { default: "guest@example.com" } }],
    [
      "a default that names its namespace",
      { fields: [{ ...account, serviceAccount: "namespace:name" }], onEmpty: { default: "a:b" } },
    ],
    ["one resource in two versions", { versions: ["v1", "v2"] }],
    ["a status that is spec", { fields: ["spec.runAs", "status.runAs"] }],
    ["a status that names an account", { fields: [{ ...account, path: "status.sa" }] }],
    ["an empty status that has no rights", { fields: ["status.a"], onEmpty: "allow", emptyIsUnprivileged: true }],
    ["an empty status that stands for an identity", { fields: ["status.a"], emptyStandsFor: "guest" }],
    ["a default with a permission", { permission, onEmpty: { default: "guest" } }],
    [
      "an identity that an empty field stands for, beside one that is written into it",
      { onEmpty: "requester", emptyStandsFor: "a" },
    ],
    ["what an empty field stands for, beside a refusal of it", { onEmpty: "deny", emptyStandsFor: "a" }],
    ["an account of another cluster", { permission, emptyStandsFor: "system:serviceaccount::klusterlet-work-sa" }],
    ["an account's name with a form", { fields: [{ path: "spec.serviceAccountName", serviceAccount: "name" }] }],
    [
      "a member of a service account that is not a name",
      { fields: ["spec.serviceAccountName.user", "spec.serviceAccounts"] },
    ],
    ["a path behind one to any depth that ends in another member", { fields: ["spec.**.a", "spec.b.c"] }],
    ["two paths to any depth that end in other members", { fields: ["spec.**.a", "spec.**.b"] }],
    ["a privileged value that is written like no value at all", { privileged: { undefined: "admin" } }],
    ["the account that a privileged value stands for", { privileged: { root: "admin" }, emptyStandsFor: "admin" }],
  ])("%s", (_, change) => {
    expect(() => readPolicy(withTarget(change))).not.toThrow();
  });

  test("a name of one letter", () => {
    expect(readPolicy({ name: "x", targets: [target] }).name).toBe("x");
  });

  test("a preset that says what it means anyway", () => {
    const choices = { onEmpty: "requester", onForbidden: "requester", onPrivilegedRequester: "deny" };
    const [said] = readPolicy({ name: "razee", targets: [{ preset: "razee", ...choices }] }).targets;
    expect(said).toEqual(readPolicy({ name: "razee", targets: [{ preset: "razee" }] }).targets[0]);
  });

  test("a preset whose controller runs elsewhere", () => {
    const preset = { preset: "flux", namespace: "delivery", defaultServiceAccount: "applier" };
    expect(readPolicy({ name: "flux", targets: [preset] }).targets[0]?.fields[0]).toMatchObject({
      onEmpty: { default: "applier" },
    });
  });

  test("one resource in two targets, each for its version", () => {
    expect(() => readPolicy(withTarget({ versions: ["v1"] }, { versions: ["v2", "v3"] }))).not.toThrow();
  });

  test("one name in two groups", () => {
    expect(() => readPolicy(withTarget({}, { group: "h.example" }))).not.toThrow();
  });

  test("a writer that copies from another resource of the same target, or of the core group", () => {
    const writers = (copiesFrom: string) => [{ username: "copier", copiesFrom }];
    const both = { resources: ["things", "sources"], writers: writers("sources.g.example") };
    expect(() => readPolicy(withTarget(both))).not.toThrow();
    expect(() =>
      readPolicy(withTarget({ writers: writers("pods") }, { group: "", resources: ["pods"] })),
    ).not.toThrow();
  });
});

test("a field that says what an empty one means keeps the other members of its target", () => {
  const fields = [{ path: "spec.runAs", onEmpty: "deny" }];
  const rule = { privileged: { root: "admin" }, emptyStandsFor: "guest" };
  const target = { group: "g.example", versions: ["v1"], resources: ["things"], fields, ...rule };
  const [read] = readPolicy({ name: "mine", targets: [target] }).targets[0]?.fields ?? [];
  expect(read).toMatchObject({ privileged: { root: "admin" }, onEmpty: "deny" });
  expect(read).not.toHaveProperty("emptyStandsFor");
});

describe("an invalid policy is refused with the place, the value and the fix", () => {
  const refuses = (value: unknown, message: string): void => {
    expect(() => readPolicy(value)).toThrow(new PolicyError(message));
  };
  const members =
    "group, versions, resources, fields, privileged, unprivileged, onForbidden, onEmpty, emptyIsUnprivileged, emptyStandsFor, permission, statusPaths, onPrivilegedRequester, writers, statusWriters, ignoresLetterCase";
  const fieldMembers =
    "path, serviceAccount, names, standsFor, privileged, unprivileged, onForbidden, onEmpty, emptyIsUnprivileged, emptyStandsFor, permission, whenSet";
  const aPath = 'must be a path such as spec.a.b, spec.list[*].b, spec.**.b or metadata.labels["a/b"]';
  const kustomizations = {
    group: "kustomize.toolkit.fluxcd.io",
    versions: ["v1"],
    resources: ["kustomizations"],
    fields: [{ path: "spec.serviceAccountName", serviceAccount: "name" }],
  };
  const executes = { verb: "execute-as", group: "work.example", resource: "manifestworks" };
  const printable = "must be printable ASCII with no space at either end";

  test.each([
    [null, "policy must be an object, not null"],
    [undefined, "policy must be an object, not nothing"],
    ["razee", 'policy must be an object, not "razee"'],
    [[], "policy must be an object, not an empty list"],
    [{}, "policy name is missing; a policy must have name, targets"],
    [{ name: "mine" }, "policy mine: targets is missing; a policy must have name, targets"],
    [
      { name: 5, targets: [target] },
      "policy name must be lower-case letters, digits and -, 63 at most, with no - at either end, not 5",
    ],
    [
      { name: "My policy", targets: [target] },
      'policy My policy: name must be lower-case letters, digits and -, 63 at most, with no - at either end, not "My policy"',
    ],
    [
      { name: "my policy", targets: [target] },
      'policy my policy: name must be lower-case letters, digits and -, 63 at most, with no - at either end, not "my policy"',
    ],
    [{ name: "mine", targets: {} }, "policy mine: targets must be a list of targets, not an object"],
    [{ name: "mine", targets: [] }, "policy mine: targets must be a list of targets, one at least, not an empty list"],
    [{ name: "mine", targets: ["razee"] }, 'policy mine: targets[0] must be an object, not "razee"'],
    [{ name: "mine", targets: [[]] }, "policy mine: targets[0] must be an object, not an empty list"],
    [
      { name: "mine", targets: [target], enforce: true },
      "policy mine: enforce is not a member of a policy; its members are name, enforcement, narrowing, targets",
    ],
    [
      { name: "mine", targets: [target], enforcement: "warn" },
      'policy mine: enforcement must be "enforce", "audit" or "off", not "warn"',
    ],
    [
      { name: "mine", targets: [target], narrowing: "scopes" },
      'policy mine: narrowing must be a list of extra keys, not "scopes"',
    ],
    [{ name: "mine", targets: [target], narrowing: [""] }, `policy mine: narrowing[0] ${printable}, not ""`],
    [
      { name: "mine", targets: [{ preset: "flox" }] },
      `policy mine: targets[0].preset must be ${presetNames}, not "flox"`,
    ],
    [
      { name: "mine", targets: [{ preset: "razee", group: "x" }] },
      "policy mine: targets[0].group is not a member of the preset razee; its members are controller, onForbidden, onEmpty, onPrivilegedRequester, preset",
    ],
    [
      { name: "mine", targets: [{ preset: "razee", onEmpty: "allow" }] },
      'policy mine: targets[0].onEmpty must be "requester" or "deny", not "allow"',
    ],
    [
      { name: "mine", targets: [{ preset: "razee", controller: "b\u00f6b" }] },
      `policy mine: targets[0].controller ${printable}, not "b\u00f6b"`,
    ],
    [
      { name: "mine", targets: [{ preset: "razee", onPrivilegedRequester: "allow" }] },
      'policy mine: targets[0].onPrivilegedRequester must be "deny" or "default", not "allow"',
    ],
    [
      { name: "mine", targets: [{ preset: "razee", onForbidden: "replace" }] },
      'policy mine: targets[0].onForbidden must be "requester" or "deny", not "replace"',
    ],
    ...["emptyStandsFor", "statusWriters", "fields", "permission"].map((member) => [
      { name: "mine", targets: [{ preset: "razee", [member]: "alice" }] },
      `policy mine: targets[0].${member} is not a member of the preset razee; its members are controller, onForbidden, onEmpty, onPrivilegedRequester, preset`,
    ]),
    ...["kube_system", "", "a:b"].map((namespace) => [
      { name: "mine", targets: [{ preset: "flux", namespace }] },
      `policy mine: targets[0].namespace must be a namespace, not ${JSON.stringify(namespace)}`,
    ]),
    ...["Deployer", "", "a:b"].map((account) => [
      { name: "mine", targets: [{ preset: "flux", defaultServiceAccount: account }] },
      `policy mine: targets[0].defaultServiceAccount must be the name of a service account, not ${JSON.stringify(account)}`,
    ]),
    [
      { name: "mine", targets: [target, { preset: "razee", controller: "false" }] },
      'policy mine: targets[1] (razee: remoteresources).emptyStandsFor "false" is a privileged value; name the account that it stands for',
    ],
    [
      { name: "mine", targets: [{ preset: "razee" }, { preset: "razee" }] },
      'policy mine: targets[1] (razee: remoteresources).resources[0] "remoteresources.deploy.razee.io" is covered by targets[0] (razee: remoteresources).resources[0] too; keep one',
    ],
    [
      {
        name: "mine",
        targets: [{ ...target, group: "deploy.razee.io", resources: ["mustachetemplates"] }, { preset: "razee" }],
      },
      'policy mine: targets[1] (razee: remoteresources).resources[1] "mustachetemplates.deploy.razee.io" is covered by targets[0].resources[0] too; keep one',
    ],
    [
      {
        name: "flux",
        targets: [
          {
            ...kustomizations,
            writers: [{ username: "copier", copiesFrom: "kustomizations.kustomize.toolkit.fluxcd.io" }],
          },
        ],
      },
      'policy flux: targets[0].writers[0].copiesFrom must be PLURAL.GROUP of another resource that a target covers, not "kustomizations.kustomize.toolkit.fluxcd.io"; add a target for it',
    ],
    [
      {
        name: "two",
        targets: [
          { ...kustomizations, onEmpty: "deny" },
          {
            ...kustomizations,
            fields: [{ path: "spec.decryption.serviceAccountName", serviceAccount: "name" }],
            onEmpty: "allow",
            emptyIsUnprivileged: true,
          },
        ],
      },
      'policy two: targets[1].resources[0] "kustomizations.kustomize.toolkit.fluxcd.io" is covered by targets[0].resources[0] too; keep one',
    ],
  ] as readonly [unknown, string][])("%j", (value, message) => {
    refuses(value, message);
  });

  test.each([
    [{ grup: "x" }, `grup is not a member of a target; its members are ${members}`],
    [{ toString: "x" }, `toString is not a member of a target; its members are ${members}`],
    [
      { group: undefined },
      'group must be an API group in lower case, such as apps, or "" for the core group, not nothing',
    ],
    [
      { group: "G.example" },
      'group must be an API group in lower case, such as apps, or "" for the core group, not "G.example"',
    ],
    [{ versions: "v1" }, 'versions must be a list of versions, not "v1"'],
    [{ versions: [] }, "versions must be a list of versions, one at least, not an empty list"],
    [{ versions: ["V1"] }, 'versions[0] must be a version such as v1, or "*", not "V1"'],
    ...["Vbeta", "v1.beta1"].map((version) => [
      { versions: [version] },
      `versions[0] must be a version such as v1, or "*", not "${version}"`,
    ]),
    [{ versions: ["v1", "*"] }, 'versions must hold "*" alone, or no "*"'],
    [{ resources: [] }, "resources must be a list of plural names, one at least, not an empty list"],
    [{ resources: ["Thing"] }, 'resources[0] must be a plural name in lower case, such as kustomizations, not "Thing"'],
    [{ resources: ["*"] }, 'resources[0] must be a plural name in lower case, such as kustomizations, not "*"'],
    [
      { resources: ["things/status"] },
      'resources[0] must be a plural name in lower case, such as kustomizations, not "things/status"',
    ],
    [
      { resources: ["things", "things"] },
      'resources[1] "things.g.example" is covered by targets[0].resources[0] too; keep one',
    ],
    [{ fields: "spec.a" }, 'fields must be a list of fields, not "spec.a"'],
    [{ fields: [] }, "fields must be a list of fields, one at least, not an empty list"],
    [{ fields: ["spec..a"] }, `fields[0] ${aPath}, not "spec..a"`],
    [{ fields: ["spec.list[*]"] }, `fields[0] ${aPath}, not "spec.list[*]"`],
    [{ fields: [5] }, `fields[0] ${aPath}, not 5`],
    [{ fields: [{ serviceAccount: "name" }] }, "fields[0].path is missing; a field must have path"],
    [
      { fields: [{ ...account, serviceaccount: "name" }] },
      `fields[0].serviceaccount is not a member of a field; its members are ${fieldMembers}`,
    ],
    [
      { fields: [{ path: "spec.sa", serviceAccount: "ns:name" }] },
      'fields[0].serviceAccount must be "name", "namespace:name", { namespaceKey: KEY } or { namespaceAt: PATH }, not "ns:name"',
    ],
    [
      { fields: [{ path: "spec.sa", serviceAccount: {} }] },
      "fields[0].serviceAccount.namespaceKey is missing; a form of service account must have namespaceKey",
    ],
    [
      { fields: [{ path: "spec.sa", serviceAccount: { namespaceAt: "spec.list[*].ns" } }] },
      'fields[0].serviceAccount.namespaceAt must be a path to one place outside metadata and status, such as spec.a.b, not "spec.list[*].ns"',
    ],
    [
      { fields: [{ path: "spec.sa", serviceAccount: { namespaceKey: "ns", colon: false } }] },
      "fields[0].serviceAccount.colon must be true, or absent, not false",
    ],
    [
      { fields: [{ path: "spec.sa", serviceAccount: { namespaceAt: "spec.ns", other: true } }] },
      "fields[0].serviceAccount.other is not a member of a form of service account; its members are namespaceAt, required, colon",
    ],
    [{ fields: [{ ...account, whenSet: {} }] }, "fields[0].whenSet must be a list of conditions, not an object"],
    [
      { fields: [{ ...account, whenSet: [{ path: "spec.b", other: true }] }] },
      "fields[0].whenSet[0].other is not a member of a condition; its members are path, privileged, unprivileged, onForbidden, onEmpty, emptyIsUnprivileged, emptyStandsFor, permission",
    ],
    [
      { fields: [{ path: "spec.g", names: "user" }] },
      'fields[0].names must be "group" or "anything", or absent, not "user"',
    ],
    [
      { fields: [{ ...account, names: "group" }] },
      "fields[0].names stands beside serviceAccount; a field names one kind of identity, so keep one of them",
    ],
    [
      { fields: [{ path: "spec.patch", names: "anything", standsFor: "guest" }] },
      "fields[0].standsFor stands beside names; a field names one kind of identity, so keep one of them",
    ],
    [
      { fields: [{ ...account, standsFor: "guest" }] },
      "fields[0].standsFor stands beside serviceAccount; a field names one kind of identity, so keep one of them",
    ],
    [
      { fields: [{ path: "spec.patch", standsFor: "guest", onEmpty: "deny" }] },
      "fields[0].onEmpty has no meaning for a value that is not read: an empty one names no identity; leave it out",
    ],
    [
      { fields: [{ path: "spec.patch", standsFor: "guest" }], privileged: { guest: "root" } },
      'fields[0].standsFor "guest" is a privileged value; name the account that it stands for',
    ],
    [
      { fields: [{ path: "spec.g", names: "group", onForbidden: "requester" }] },
      'fields[0].onForbidden must be "deny": a group\'s field cannot be set to the requester',
    ],
    [
      { fields: [{ path: "spec.patch", names: "anything", onForbidden: "requester" }] },
      'fields[0].onForbidden must be "deny": a value that is not read cannot be set to the requester',
    ],
    [
      { fields: [{ path: "spec.patch", names: "anything", onEmpty: "deny" }] },
      "fields[0].onEmpty has no meaning for a value that is not read: an empty one names no identity; leave it out",
    ],
    [
      { fields: [{ path: "spec.patch", names: "anything", emptyStandsFor: "guest" }] },
      "fields[0].emptyStandsFor has no meaning for a value that is not read: an empty one names no identity; leave it out",
    ],
    [
      { fields: [{ path: "spec.a", onEmpty: "allow" }] },
      'fields[0].onEmpty "allow" needs emptyIsUnprivileged: true, which says that the controller gives an empty field no rights of its own',
    ],
    [
      { fields: ["spec.a", { ...account, onEmpty: { default: "A" } }] },
      'fields[1].onEmpty.default "A" is not a service account\'s name in the form of every field; choose another',
    ],
    [
      { fields: [{ path: "spec.a", privileged: { root: "admin" }, unprivileged: ["guest", "root"] }] },
      'fields[0].unprivileged holds "root", which is a privileged value; keep one of them',
    ],
    [
      { fields: [{ ...account, whenSet: [{ path: "spec.b", onEmpty: "allow" }] }] },
      'fields[0].whenSet[0].onEmpty "allow" needs emptyIsUnprivileged: true, which says that the controller gives an empty field no rights of its own',
    ],
    ...["spec.list[*].b", "spec.**.b", "metadata.name", "status.phase"].map((path) => [
      { fields: [{ ...account, whenSet: [{ path }] }] },
      `fields[0].whenSet[0].path must be a path to one place outside metadata and status, such as spec.a.b, not "${path}"`,
    ]),
    [{ unprivileged: "default" }, 'unprivileged must be a list of values, not "default"'],
    [
      { fields: ["spec.**.a", "spec.b.c.a"] },
      "fields[1] leads to the same place as fields[0], or into it; write the path to any depth behind the others",
    ],
    [{ fields: ["spec.**.a", "spec.**.a.b"] }, "fields[1] leads to the same place as fields[0], or into it; keep one"],
    [
      {
        fields: [
          { path: "spec.account", serviceAccount: { namespaceAt: "spec.target.namespace" } },
          { path: "spec.**.namespace", names: "group" },
        ],
      },
      "fields[1] leads to the namespace of fields[0], or through it; choose another place",
    ],
    [{ fields: ["spec.a", "spec.a"] }, "fields[1] leads to the same place as fields[0], or into it; keep one"],
    [
      { fields: ["spec.a", "spec.b", "spec.a.c"] },
      "fields[2] leads to the same place as fields[0], or into it; keep one",
    ],
    [{ fields: ["spec.a.c", "spec.a"] }, "fields[1] leads to the same place as fields[0], or into it; keep one"],
    [{ fields: ["spec.x.y.a", "spec.x[*].a"] }, "fields[1] leads to the same place as fields[0], or into it; keep one"],
    [{ fields: ["spec.x[*].a", "spec.x.y.a"] }, "fields[1] leads to the same place as fields[0], or into it; keep one"],
    [
      {
        fields: [
          { path: "spec.sa", serviceAccount: { namespaceKey: "ns" } },
          { path: "spec.ns", serviceAccount: "name" },
        ],
      },
      "fields[1] leads to the namespace of fields[0], or through it; choose another place",
    ],
    [
      {
        fields: [
          { path: "spec.x[*].ns", serviceAccount: "name" },
          { path: "spec.x[*].sa", serviceAccount: { namespaceKey: "ns" } },
        ],
      },
      "fields[0] leads to the namespace of fields[1], or through it; choose another place",
    ],
    [
      { fields: [{ path: "spec.sa", serviceAccount: { namespaceKey: "sa" } }] },
      "fields[0] leads to the namespace of fields[0], or through it; choose another place",
    ],
    [
      { statusPaths: ["spec.children"] },
      'statusPaths[0] must be a path into the status, such as status.children, not "spec.children"',
    ],
    [{ statusPaths: "status" }, 'statusPaths must be a list of paths into the status, not "status"'],
    [{ privileged: ["root"] }, "privileged must be an object of usernames by value, not a list"],
    [{ privileged: { root: 5 } }, `privileged.root ${printable}, not 5`],
    [{ privileged: { "": "root" } }, `privileged[""] ${printable}, not ""`],
    [{ privileged: { constructor: "root" } }, "privileged must not name __proto__, prototype, constructor"],
    [{ privileged: JSON.parse('{"__proto__":"root"}') }, "privileged must not name __proto__, prototype, constructor"],
    [{ onForbidden: "allow" }, 'onForbidden must be "requester" or "deny", not "allow"'],
    [
      { fields: [account], onForbidden: "requester" },
      'onForbidden must be "deny": a service-account field cannot be set to the requester',
    ],
    [{ onEmpty: "warn" }, 'onEmpty must be "requester", "deny", "allow" or { default: NAME }, not "warn"'],
    [
      { fields: [account], onEmpty: "requester" },
      'onEmpty must be "deny", "allow" or { default: NAME }, or absent beside emptyStandsFor: a service-account field cannot be set to the requester',
    ],
    [
      { onEmpty: "allow" },
      'onEmpty "allow" needs emptyIsUnprivileged: true, which says that the controller gives an empty field no rights of its own',
    ],
    [{ emptyIsUnprivileged: false }, "emptyIsUnprivileged must be true, or absent, not false"],
    [{ onEmpty: {} }, "onEmpty.default is missing; a default must have default"],
    [{ onEmpty: { default: " " } }, `onEmpty.default ${printable}, not " "`],
    [
      { privileged: { root: "admin" }, onEmpty: { default: "root" } },
      'onEmpty.default "root" is a privileged value, which is never a default; choose another',
    ],
    [
      { fields: [account, { path: "spec.other", serviceAccount: "namespace:name" }], onEmpty: { default: "a:b" } },
      `onEmpty.default "a:b" is not a service account's name in the form of every field; choose another`,
    ],
    [
      { fields: [{ ...account, serviceAccount: { namespaceKey: "ns" } }], onEmpty: { default: "a:b" } },
      `onEmpty.default "a:b" is not a service account's name in the form of every field; choose another`,
    ],
    [
      { fields: [{ ...account, serviceAccount: "namespace:name" }], onEmpty: { default: "b" } },
      `onEmpty.default "b" is not a service account's name in the form of every field; choose another`,
    ],
    ...["Default", "a:b", "system:serviceaccount:a:b"].map((name) => [
      { fields: [account], onEmpty: { default: name } },
      `onEmpty.default "${name}" is not a service account's name in the form of every field; choose another`,
    ]),
    ...["a:b:c", ":b", "a:"].map((name) => [
      { fields: [{ ...account, serviceAccount: "namespace:name" }], onEmpty: { default: name } },
      `onEmpty.default "${name}" is not a service account's name in the form of every field; choose another`,
    ]),
    ...(["onForbidden", "onEmpty"] as const).flatMap((member) => {
      const must = {
        onForbidden: 'onForbidden must be "deny"',
        onEmpty: 'onEmpty must be "deny", "allow" or { default: NAME }, or absent beside emptyStandsFor',
      }[member];
      const inStatus = must.replace(', "allow" or { default: NAME }', ' or "allow"');
      const elsewhere =
        "the identity of a field with a permission of its own lives elsewhere, and is never the requester";
      const nothingSet = "a field in the status cannot be set";
      const noPerson = "a service-account field cannot be set to the requester";
      return [
        [{ permission: executes, [member]: "requester" }, `${must}: ${elsewhere}`],
        [{ fields: ["status.runAs"], [member]: "requester" }, `${inStatus}: ${nothingSet}`],
        [{ fields: ["spec.runAs", "status.runAs"], [member]: "requester" }, `${inStatus}: ${nothingSet}`],
        [{ fields: [{ ...account, path: "status.sa" }], [member]: "requester" }, `${inStatus}: ${noPerson}`],
      ] as const;
    }),
    ...(
      [
        [["status.runAs"], "guest"],
        [["spec.runAs", "status.runAs"], "guest"],
        [[{ ...account, path: "status.sa" }], "default"],
      ] as const
    ).map(([fields, name]) => [
      { fields, onEmpty: { default: name } },
      'onEmpty must be "deny" or "allow", or absent beside emptyStandsFor: a field in the status cannot be set',
    ]),
    [
      { emptyStandsFor: "guest", onEmpty: "allow", emptyIsUnprivileged: true },
      'emptyStandsFor contradicts onEmpty: "allow", which gives an empty field no identity; keep one of them',
    ],
    [
      { emptyStandsFor: "root", privileged: { root: "admin" } },
      'emptyStandsFor "root" is a privileged value; name the account that it stands for',
    ],
    [{ emptyStandsFor: "" }, `emptyStandsFor ${printable}, not ""`],
    [{ emptyStandsFor: ["guest"] }, `emptyStandsFor ${printable}, not a list`],
    [{ emptyStandsFor: "b".repeat(1_025) }, `emptyStandsFor ${printable}, not "${"b".repeat(1_025)}"`],
    [{ onPrivilegedRequester: "allow" }, 'onPrivilegedRequester must be "deny" or "default", not "allow"'],
    [{ ignoresLetterCase: false }, "ignoresLetterCase must be true, or absent, not false"],
    [{ statusWriters: "argo" }, 'statusWriters must be a list of usernames, not "argo"'],
    [{ statusWriters: {} }, "statusWriters must be a list of usernames, not an object"],
    [{ statusWriters: ["argo", ""] }, `statusWriters[1] ${printable}, not ""`],
    [{ statusWriters: [{ username: "argo" }] }, `statusWriters[0] ${printable}, not an object`],
    ...[
      ["spec.serviceAccountName", "serviceAccountName"],
      ["spec.serviceAccount", "serviceAccount"],
      ["spec.jobs[*].serviceAccountName", "serviceAccountName"],
      ["status.template.ServiceAccountName", "ServiceAccountName"],
      ['metadata.labels["example.com/serviceaccount"]', "example.com/serviceaccount"],
      ["spec.defaultServiceAccount", "defaultServiceAccount"],
    ].map(([path, last]) => [
      { fields: ["spec.runAs", path] },
      `fields[1] ends in ${last}, which names a service account; write { path: ..., serviceAccount: name }, or another form`,
    ]),
    [
      { fields: [{ path: "spec.serviceAccountName" }] },
      "fields[0] ends in serviceAccountName, which names a service account; write { path: ..., serviceAccount: name }, or another form",
    ],
    [{ writers: {} }, "writers must be a list of writers, not an object"],
    [
      { writers: [{ username: "copier" }] },
      "writers[0].copiesFrom is missing; a writer must have username, copiesFrom",
    ],
    [
      { writers: [{ username: "copier", copiesFrom: "sources.g.example" }] },
      'writers[0].copiesFrom must be PLURAL.GROUP of another resource that a target covers, not "sources.g.example"; add a target for it',
    ],
    [
      { writers: [{ username: "copier", copiesFrom: "things.g.example" }] },
      'writers[0].copiesFrom must be PLURAL.GROUP of another resource that a target covers, not "things.g.example"; add a target for it',
    ],
    [
      { permission: { verb: "use", resource: "accounts" } },
      "permission.group is missing; a permission must have verb, group, resource",
    ],
    [
      { permission: { verb: "use", group: "", resource: "accounts/x" } },
      'permission.resource must be a plural name in lower case, such as kustomizations, not "accounts/x"',
    ],
  ] as readonly [object, string][])("%j", (change, message) => {
    refuses(withTarget(change), `policy mine: targets[0].${message}`);
  });

  test("a writer that copies from none of several resources", () => {
    refuses(
      withTarget({ writers: [{ username: "copier", copiesFrom: "sources.g.example" }] }, { resources: ["others"] }),
      'policy mine: targets[0].writers[0].copiesFrom must be PLURAL.GROUP of another resource that a target covers, not "sources.g.example"; add a target for it',
    );
  });

  test("a place in a later target is named by its number", () => {
    refuses(
      withTarget({}, { group: "h.example", onEmpty: "allow" }),
      'policy mine: targets[1].onEmpty "allow" needs emptyIsUnprivileged: true, which says that the controller gives an empty field no rights of its own',
    );
  });

  test.each([
    [[{}, {}], "targets[1].resources[0]", "targets[0]"],
    [[{}, { versions: ["*"] }], "targets[1].resources[0]", "targets[0]"],
    [[{ versions: ["*"] }, { versions: ["v9"] }], "targets[1].resources[0]", "targets[0]"],
    [[{}, { versions: ["v2"] }, { versions: ["v3", "v1"] }], "targets[2].resources[0]", "targets[0]"],
    [[{}, { versions: ["v2"] }, { versions: ["v2"] }], "targets[2].resources[0]", "targets[1]"],
    [[{ versions: ["v1", "v2"] }, { versions: ["v2", "v3"] }], "targets[1].resources[0]", "targets[0]"],
  ] as const)("a resource that is covered twice: %j", (changes, place, other) => {
    refuses(
      withTarget(...changes),
      `policy mine: ${place} "things.g.example" is covered by ${other}.resources[0] too; keep one`,
    );
  });

  test("the error can be told from others", () => {
    expect(new PolicyError("x")).toMatchObject({ name: "PolicyError", message: "x" });
    expect(new PolicyError("x")).toBeInstanceOf(Error);
  });
});

describe("the target that covers a resource", () => {
  const targets = [{ preset: "razee" }, target, { ...target, versions: ["v2"], fields: ["spec.b"] }];

  test.each([
    ["deploy.razee.io", "v9", "mustachetemplates", 0],
    ["g.example", "v1", "things", 1],
    ["g.example", "v2", "things", 2],
    ["g.example", "v3", "things", -1],
    ["g.example", "*", "things", -1],
    ["", "v1", "things", -1],
    ["g.example", "v1", "thing", -1],
    ["g.example", "v1", "toString", -1],
  ])("%s %s %s", (group, version, resource, index) => {
    const policy = readPolicy({ name: "two", targets });
    expect(targetOf(policy, { group, version, resource })).toBe(policy.targets[index]);
  });
});

test("an identity is made of its field and, where there is one, of the namespace beside it", () => {
  const path = [key("metadata"), key("labels"), key("sa")];
  expect(identityPaths({ path })).toEqual([path]);
  expect(identityPaths({ path, serviceAccount: "name" })).toEqual([path]);
  expect(identityPaths({ path, serviceAccount: { namespaceKey: "ns" } })).toEqual([
    path,
    [key("metadata"), key("labels"), key("ns")],
  ]);
});

test.each(["serviceAccount", "standsFor"])(
  "a field without %s has no such member, because a policy is built in as JSON",
  (member) => {
    const [field] = readPolicy(withTarget({})).targets[0]?.fields ?? [];
    expect(field && Object.keys(field)).not.toContain(member);
  },
);

test.each([
  ["a:b", { namespaceKey: "ns", colon: true }],
  ["b", { namespaceKey: "ns", colon: true }],
  ["a:b", "namespace:name"],
])("%s may be the default of a field of the form %j", (name, serviceAccount) => {
  const [field] =
    readPolicy(withTarget({ fields: [{ ...account, serviceAccount }], onEmpty: { default: name } })).targets[0]
      ?.fields ?? [];
  expect(field?.onEmpty).toEqual({ default: name });
});

test("a member that is called like a service account's name may hold another kind of identity, which the policy says", () => {
  const [field] =
    readPolicy(withTarget({ fields: [{ path: "spec.serviceAccountName", names: "anything" }] })).targets[0]?.fields ??
    [];
  expect(field?.names).toBe("anything");
});

describe("the text of a policy without presets", () => {
  test("has the targets of each preset in its place, and its other targets as they are", () => {
    const text = withoutPresets({
      name: "mine",
      targets: [target, { preset: "kapp" }, { ...target, versions: ["v2"] }],
    });
    expect(text).toMatchObject({
      name: "mine",
      targets: [target, { resources: ["packageinstalls"] }, { resources: ["apps"] }, { ...target, versions: ["v2"] }],
    });
  });

  test("is none for a text that is not a policy", () => {
    expect(() => withoutPresets({ name: "mine", targets: [target, target] })).toThrow(
      'policy mine: targets[1].resources[0] "things.g.example" is covered by targets[0].resources[0] too; keep one',
    );
  });
});

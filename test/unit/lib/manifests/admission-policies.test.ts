import { describe, expect, test } from "vitest";
import { readPolicy } from "../../../../lib/index.ts";
import { admissionPolicies, webhookConfigurations } from "../../../../lib/manifests/index.ts";

const policyOf = (target: object, more: object = {}) => readPolicy({ name: "mine", targets: [target], ...more });
const razee = policyOf({ preset: "razee" });
const thing = { group: "g.example", versions: ["v1"], resources: ["things"], fields: ["spec.runAs"] };
const kindsOf = (policy: Parameters<typeof admissionPolicies>[0]) =>
  admissionPolicies(policy).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
const specOf = (policy: Parameters<typeof admissionPolicies>[0], kind: string) => {
  const found = admissionPolicies(policy).find((object) => object.kind === kind);
  if (!found) throw new Error(`no ${kind}`);
  return JSON.stringify(found.spec);
};

describe("the admission policies of a policy", () => {
  const name = "remoteresources.deploy.razee.io.twin.impersonation-admission";

  test("enforced: one that sets the field, one that refuses, and one for the status, each bound", () => {
    expect(kindsOf(razee)).toEqual([
      `MutatingAdmissionPolicy mutate.${name}`,
      `MutatingAdmissionPolicyBinding mutate.${name}`,
      `ValidatingAdmissionPolicy validate.${name}`,
      `ValidatingAdmissionPolicyBinding validate.${name}`,
      `ValidatingAdmissionPolicy status.${name}`,
      `ValidatingAdmissionPolicyBinding status.${name}`,
    ]);
    for (const { kind, metadata, spec } of admissionPolicies(razee))
      if (kind.endsWith("Binding")) expect(spec["policyName"]).toBe(metadata.name);
  });

  test("audit: nothing sets the field, and the rest warns", () => {
    const policy = policyOf({ preset: "razee" }, { enforcement: "audit" });
    expect(kindsOf(policy).filter((kind) => kind.startsWith("Mutating"))).toEqual([]);
    for (const { kind, spec } of admissionPolicies(policy))
      if (kind.endsWith("Binding")) expect(spec["validationActions"]).toEqual(["Warn", "Audit"]);
  });

  test("off: nothing", () => {
    expect(admissionPolicies(policyOf({ preset: "razee" }, { enforcement: "off" }))).toEqual([]);
  });

  test("names are unique, whatever the targets", () => {
    const policy = readPolicy({
      name: "mine",
      targets: [thing, { ...thing, versions: ["v2"] }, { ...thing, group: "", resources: ["pods"] }],
    });
    const names = admissionPolicies(policy).map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    expect(new Set(names).size).toBe(names.length);
  });

  test("they cover what the webhooks cover, and look away where those do", () => {
    const [mutate, validate] = webhookConfigurations({ policy: razee, client: { url: "https://guard.example.com/a" } });
    const byName = (prefix: string) =>
      admissionPolicies(razee).find(({ metadata }) => metadata.name.startsWith(prefix))?.spec ?? {};
    for (const [prefix, webhook] of [
      ["mutate.", mutate.webhooks[0]],
      ["validate.", validate.webhooks[0]],
      ["status.", validate.webhooks[1]],
    ] as const)
      expect(byName(prefix)["matchConstraints"]).toEqual({ matchPolicy: "Equivalent", resourceRules: webhook?.rules });
    expect(byName("validate.")["matchConditions"]).toEqual(validate.webhooks[0]?.matchConditions);
    expect(byName("status.")["matchConditions"]).toEqual(validate.webhooks[1]?.matchConditions);
    // For an object with too many members to compare, the API server calls the function. Without the function, the validating policy decides.
    const [changed] = mutate.webhooks[0]?.matchConditions ?? [];
    expect(byName("mutate.")["matchConditions"]).toEqual([
      { ...changed, expression: changed?.expression.replace(" : false)", " : true)") },
    ]);
  });
});

describe("what the policy says stands in the expressions", () => {
  const variableOf = (policy: Parameters<typeof admissionPolicies>[0], kind: string, name: string): string => {
    const found = admissionPolicies(policy).find((object) => object.kind === kind)?.spec["variables"];
    const variables = found as readonly { readonly name: string; readonly expression: string }[];
    return variables.find((variable) => variable.name === name)?.expression ?? expect.fail(`no variable ${name}`);
  };

  test("the patch makes missing parents", () => {
    const spec = specOf(razee, "MutatingAdmissionPolicy");
    expect(spec).toContain(
      "[JSONPatch{op: 'add', path: '/spec/clusterAuth/impersonateUser', value: variables.value0}]",
    );
    expect(spec).toContain(
      "[JSONPatch{op: 'add', path: '/spec', value: {'clusterAuth': {'impersonateUser': variables.value0}}}]",
    );
  });

  const own =
    "(size(variables.me) <= 1024 && variables.me.matches('^[!-~]([ -~]*[!-~])?$') && !(variables.me in []) && variables.isWhole ? variables.me : '')";
  test.each([
    ["requester", "requester", own, own],
    ["deny", "requester", own, "''"],
    ["requester", "deny", "''", own],
  ])("onForbidden %s, onEmpty %s", (onForbidden, onEmpty, whenEmpty, whenForbidden) => {
    expect(variableOf(policyOf({ ...thing, onForbidden, onEmpty }), "MutatingAdmissionPolicy", "value0")).toBe(
      `variables.asks0 == '\\n!empty\\n' ? ${whenEmpty} : variables.asks0.contains('\\n!') || variables.mayStay0 ? '' : ${whenForbidden}`,
    );
  });

  test("a policy that only refuses needs nothing of Kubernetes 1.36", () => {
    const kinds = admissionPolicies(policyOf({ ...thing, onForbidden: "deny", onEmpty: "deny" })).map(
      ({ kind }) => kind,
    );
    expect(kinds).toEqual(["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"]);
  });

  test("an empty field that is allowed is not refused", () => {
    const allow = policyOf({ ...thing, onEmpty: "allow", emptyIsUnprivileged: true });
    expect(variableOf(allow, "ValidatingAdmissionPolicy", "empty0")).toBe("''");
    expect(specOf(allow, "ValidatingAdmissionPolicy")).not.toContain("is empty");
    expect(variableOf(policyOf(thing), "ValidatingAdmissionPolicy", "empty0")).toBe("'\\n!empty\\n'");
    expect(specOf(policyOf(thing), "ValidatingAdmissionPolicy")).toContain(
      "('set it to ' + variables.me + ' or to an identity that ' + variables.me + ' may impersonate')",
    );
  });

  test("a fixed default is written if the requester may impersonate it, and else the sentence names it", () => {
    const guest = policyOf({ ...thing, onForbidden: "deny", onEmpty: { default: "guest" } });
    expect(variableOf(guest, "MutatingAdmissionPolicy", "default0")).toMatch(/^\['guest'\]\.map\(t, /);
    expect(variableOf(guest, "MutatingAdmissionPolicy", "value0")).toContain("(variables.mayDefault0 ? 'guest' : '')");
    expect(specOf(guest, "ValidatingAdmissionPolicy")).toContain(`'set it to \\"guest\\"'`);
  });

  test("a status write is judged by the old object", () => {
    const spec = admissionPolicies(razee).find(({ metadata }) => metadata.name.startsWith("status."))?.spec ?? {};
    expect(JSON.stringify(spec["variables"])).toContain("oldObject.spec.clusterAuth");
    expect(JSON.stringify(spec["variables"])).not.toContain("(object.spec");
  });

  test("an empty field that stands for an identity is judged as that, and is not refused as empty", () => {
    const stands = policyOf({ ...thing, emptyStandsFor: "flux" });
    expect(variableOf(stands, "ValidatingAdmissionPolicy", "empty0")).toBe(
      "('\\n~\\n' + ('flux' == variables.me ? (variables.isNarrowed ? '\\nusername\\t' + 'flux' + '\\n' : '') : '\\nusername\\t' + 'flux' + '\\n'))",
    );
    expect(specOf(stands, "ValidatingAdmissionPolicy")).not.toContain("!empty");
    expect(kindsOf(policyOf({ ...thing, onForbidden: "deny", emptyStandsFor: "flux" })).join()).not.toContain(
      "Mutating",
    );
  });

  test("a target that fills empty fields takes their stand-in in writes of the status alone", () => {
    const policyNamed = (prefix: string) =>
      JSON.stringify(admissionPolicies(razee).find(({ metadata }) => metadata.name.startsWith(prefix))?.spec);
    expect(policyNamed("status.")).toContain("('system:serviceaccount:razeedeploy:razeedeploy-sa' == variables.me");
    expect(policyNamed("validate.")).not.toContain("('system:serviceaccount:razeedeploy:razeedeploy-sa' ==");
  });

  test("neither a privileged value nor the account that it stands for is written", () => {
    const account = "system:serviceaccount:razeedeploy:razeedeploy-sa";
    expect(specOf(razee, "MutatingAdmissionPolicy")).toContain(`in ['razeedeploy', 'false', '${account}'])`);
    const original = policyOf({ preset: "razee", onPrivilegedRequester: "default" });
    expect(specOf(original, "MutatingAdmissionPolicy")).toContain("!(variables.me in ['razeedeploy', 'false'])");
  });

  test("an identity in the metadata has a policy for the subresources, too", () => {
    const policy = policyOf({
      ...thing,
      fields: ["spec.runAs", "metadata.annotations.runAs"],
      onForbidden: "deny",
      onEmpty: "deny",
    });
    const name = "things.g.example.twin.impersonation-admission";
    expect(kindsOf(policy)).toEqual([
      `ValidatingAdmissionPolicy validate.${name}`,
      `ValidatingAdmissionPolicyBinding validate.${name}`,
      `ValidatingAdmissionPolicy subresources.${name}`,
      `ValidatingAdmissionPolicyBinding subresources.${name}`,
    ]);
    const { spec } = admissionPolicies(policy)[2] ?? expect.fail("it is there");
    expect(JSON.stringify(spec["matchConstraints"])).toContain(
      '"resources":["things/*"],"operations":["CREATE","UPDATE"]',
    );
    expect(JSON.stringify(spec["validations"])).toContain(
      "metadata.annotations.runAs must not be in an object of another kind than things; leave it out",
    );
    expect(JSON.stringify(spec["variables"])).not.toContain("object.spec");
  });

  test("a field in the status has a policy for writes of the status, judged by the new object", () => {
    const policy = policyOf({
      ...thing,
      fields: ["spec.runAs", "status.runAs"],
      statusPaths: ["status.children"],
      onForbidden: "deny",
    });
    const named = (prefix: string) =>
      admissionPolicies(policy).find(({ metadata }) => metadata.name.startsWith(prefix))?.spec ?? {};
    expect(JSON.stringify(named("status-fields.")["variables"])).toContain("has(object.status.runAs)");
    expect(JSON.stringify(named("status-fields.")["variables"])).not.toContain("object.spec");
    expect(JSON.stringify(named("status-fields.")["matchConditions"])).not.toContain("children");
    expect(JSON.stringify(named("status.")["matchConditions"])).not.toContain("runAs");
    expect(JSON.stringify(named("validate.")["variables"])).toContain("has(object.status.runAs)");
  });

  test("privileged values, narrowing keys, writers, and none of them", () => {
    const text = specOf(razee, "ValidatingAdmissionPolicy");
    expect(text).toContain("t in ['razeedeploy', 'false'] ? ");
    expect(text).toContain("'scopes.authorization.openshift.io' in request.userInfo.extra");
    const plain = specOf(policyOf(thing, { narrowing: [] }), "ValidatingAdmissionPolicy");
    expect(plain).not.toContain("t in [");
    expect(plain).not.toContain("isNarrowed");
    expect(plain).not.toContain("isWriter");
    const copied = policyOf({
      ...thing,
      resources: ["things", "more"],
      writers: [{ username: "copier", copiesFrom: "more.g.example" }],
    });
    expect(variableOf(copied, "ValidatingAdmissionPolicy", "isWriter")).toBe("variables.me in ['copier']");
  });
});

describe("one question for each distinct identity", () => {
  const specsOf = (fields: readonly unknown[], more: object = {}) => {
    const [{ spec } = expect.fail("none")] = admissionPolicies(
      policyOf({
        ...thing,
        fields,
        onForbidden: "deny",
        ...("emptyStandsFor" in more ? {} : { onEmpty: "deny" }),
        ...more,
      }),
    );
    const variables = spec["variables"] as readonly { readonly name: string; readonly expression: string }[];
    const validations = spec["validations"] as readonly Readonly<Record<string, string>>[];
    return { variables, validations, text: JSON.stringify(spec) };
  };
  const namesLike = (like: RegExp, { variables }: ReturnType<typeof specsOf>) =>
    variables.flatMap(({ name }) => (like.test(name) ? [name] : []));

  test.each<[string, readonly unknown[], object, number]>([
    ["one field", ["spec.a"], {}, 1],
    ["two fields", ["spec.a", "spec.b"], {}, 2],
    ["a privileged value, which needs two", ["spec.a"], { privileged: { root: "admin" } }, 2],
    ["a list", ["spec.list[*].a"], {}, 26],
    ["groups, which may be a list", [{ path: "spec.groups", names: "group" }], {}, 26],
  ])("%s: %4$i at most", (_, fields, more, count) => {
    const spec = specsOf(fields, more);
    expect(namesLike(/^question/, spec)).toHaveLength(count);
    expect(namesLike(/^may/, spec)).toHaveLength(count);
    expect(spec.validations.filter(({ expression }) => /^variables\.may\d+$/.test(expression ?? ""))).toHaveLength(
      count,
    );
    expect(spec.text.includes("names more than 26 identities")).toBe(count === 26);
  });

  const account = (serviceAccount: unknown) => [{ path: "spec.sa", serviceAccount }];
  const impersonate = ".check('impersonate').allowed()";
  test.each<[string, readonly unknown[], object, readonly string[]]>([
    [
      "a service account of the object's namespace",
      account("name"),
      {},
      [
        "'system:serviceaccount:' + variables.ownNamespace + ':'",
        "'\\\\naccount\\\\t' + variables.ownAccounts + t",
        `resource('serviceaccounts').namespace(p[1].split(':')[2]).name(p[1].split(':')[3])${impersonate}`,
      ],
    ],
    ["NAMESPACE:NAME", account("namespace:name"), {}, ["['system:serviceaccount:' + t]"]],
    [
      "a namespace beside the name",
      account({ namespaceKey: "ns" }),
      {},
      ["object.spec.ns == null || object.spec.ns == '' ? variables.ownNamespace : type(object.spec.ns) == string"],
    ],
    [
      "a namespace that must be there",
      account({ namespaceKey: "ns", required: true }),
      {},
      ["object.spec.ns == null || object.spec.ns == '' ? '' : type(object.spec.ns) == string"],
    ],
    [
      "a namespace elsewhere, or before a colon",
      account({ namespaceAt: "spec.to.ns", colon: true }),
      {},
      ["(t.contains(':') ? 'system:serviceaccount:' + t : ", "has(object.spec.to.ns)"],
    ],
    [
      "a namespace beside a name in a list",
      [{ path: "spec.list[*].ref.name", serviceAccount: { namespaceKey: "ns" } }],
      {},
      ["has(x0.ref.ns) ? (x0.ref.ns == null"],
    ],
    [
      "groups",
      [{ path: "spec.groups", names: "group" }],
      {},
      [
        "'\\\\ngroup\\\\t' + t",
        `resource('groups').name(p[1])${impersonate}`,
        "size(object.spec.groups) == 0 ? [dyn('')]",
      ],
    ],
    [
      "a value that can name any service account",
      [{ path: "spec.patch", names: "anything" }],
      {},
      [`resource('serviceaccounts').namespace(variables.ownNamespace)${impersonate}`, "'leave it out'"],
    ],
    [
      "a value that stands for a service account",
      [{ path: "spec.kubeConfig", standsFor: "system:serviceaccount:a:b" }],
      {},
      ["('system:serviceaccount:a:b' == variables.me ? ", "'\\\\naccount\\\\t' + 'system:serviceaccount:a:b'"],
    ],
    [
      "a value that stands for a user",
      [{ path: "spec.kubeConfig", standsFor: "guest" }],
      {},
      ["'\\\\nusername\\\\t' + 'guest'", "'leave it out'"],
    ],
    [
      "another permission",
      account("name"),
      { permission: { verb: "use", group: "g", resource: "accounts" } },
      [
        "authorizer.group('g').resource('accounts').namespace(variables.ownNamespace).name(p[1]).check('use').allowed()",
      ],
    ],
    ["values that need no permission", ["spec.a"], { unprivileged: ["default"] }, ["t in ['default'] ? '' : "]],
    [
      "lists in lists",
      ["spec.a[*][*].b"],
      {},
      [".map(x0, (type(x0) == list || ", ".map(x1, ", "x0 == null ? '' : ", "size(x0) > 512 ? '\\\\n!size\\\\n'"],
    ],
    [
      "another rule where another path is set",
      [{ path: "spec.a", whenSet: [{ path: "spec.b", onEmpty: "allow", emptyIsUnprivileged: true }] }],
      {},
      ["(variables.set0_0 ? '' : '\\\\n!empty\\\\n')", "object.spec.b == false"],
    ],
    [
      "a part at any depth, which is refused",
      ["spec.list[*].inline.**.a"],
      {},
      ["cannot be read by an admission policy; leave spec.list[*].inline out, or use the webhook"],
    ],
    ["a key that is not an identifier", ['spec["a-b"].c'], {}, ["'a-b' in object.spec ? ", "object.spec['a-b'].c"]],
    [
      "a stand-in that is not a service account's",
      account("name"),
      { emptyStandsFor: "system:serviceaccount::work-sa" },
      ["'\\\\nusername\\\\t' + 'system:serviceaccount::work-sa'"],
    ],
  ])("%s", (_, fields, more, texts) => {
    const { text } = specsOf(fields, more);
    for (const each of texts) expect(text).toContain(each);
  });

  test("nothing needs a library of CEL that Kubernetes 1.30 does not have", () => {
    const { text } = specsOf([...account("name"), "spec.a[*][*].b", { path: "spec.groups", names: "group" }]);
    expect(text).not.toMatch(/format\.|distinct\(|flatten\(|\.sort\(|lists\.range|transformList/);
  });
});

test("members in another letter case are looked for at every place on the way of a field, but not below a part at any depth", () => {
  const policy = policyOf({
    ...thing,
    fields: [
      { path: "spec.a.runAs", serviceAccount: "name" },
      { path: "spec.jobs[*].runAs", serviceAccount: { namespaceKey: "space" } },
      { path: "spec.inline.**.runAs", serviceAccount: "name" },
    ],
    ignoresLetterCase: true,
  });
  const { spec } = admissionPolicies(policy)[0] ?? expect.fail("it is there");
  const [variable] = (spec["variables"] as readonly { name: string; expression: string }[]).filter(
    ({ name }) => name === "isMisspelt",
  );
  const lists = [...(variable?.expression.matchAll(/!\(k\d+ in (\[[^\]]*\])\)/g) ?? [])].map(([, list]) => list);
  expect([...new Set(lists)]).toEqual(["['spec']", "['a', 'jobs', 'inline']", "['runAs']", "['runAs', 'space']"]);
  expect(JSON.stringify(spec["validations"])).toContain("!variables.isMisspelt");
  expect(JSON.stringify(admissionPolicies(policyOf(thing)))).not.toContain("isMisspelt");
});

test("an object in a version of another target is left to that target, whatever it is converted to", () => {
  const policy = readPolicy({
    name: "mine",
    targets: [thing, { ...thing, versions: ["v2"], fields: ["spec.other"] }, { ...thing, resources: ["others"] }],
  });
  const conditions = admissionPolicies(policy).flatMap(({ kind, metadata, spec }) =>
    kind.endsWith("Binding")
      ? []
      : [[metadata.name.replace(/\.g\..*/, ""), (spec["matchConditions"] as readonly object[])[0]] as const],
  );
  const leftTo = (version: string) => ({
    name: "in-a-version-of-its-own",
    expression: `!((request.resource.resource in ['things'] && request.requestResource.version in ['${version}']))`,
  });
  const changed = expect.objectContaining({ name: "changed" });
  expect(conditions).toEqual([
    ["mutate.things", leftTo("v2")],
    ["validate.things", leftTo("v2")],
    ["mutate.2.things", leftTo("v1")],
    ["validate.2.things", leftTo("v1")],
    ["mutate.others", changed],
    ["validate.others", changed],
  ]);
});

test("the failure policy stands in the policies, the labels of namespaces in the bindings", () => {
  const plain = admissionPolicies(policyOf(thing));
  const chosen = admissionPolicies(policyOf(thing), { failurePolicy: "Ignore", namespaceLabels: { guarded: "yes" } });
  const matchResources = { namespaceSelector: { matchLabels: { guarded: "yes" } } };
  expect(chosen).toEqual(
    plain.map((object) => ({
      ...object,
      spec: { ...object.spec, ...(object.kind.endsWith("Binding") ? { matchResources } : { failurePolicy: "Ignore" }) },
    })),
  );
});

test.each([
  ["spec.**.serviceAccountName", "spec"],
  ["status.**.serviceAccountName", "status"],
])("%s lies at any depth of the object: there are no admission policies, and the error says so", (path, part) => {
  const policy = policyOf({ ...thing, fields: [{ path, serviceAccount: "name" }], onEmpty: "deny" });
  expect(() => admissionPolicies(policy)).toThrow(
    new RangeError(
      `things.g.example cannot be an admission policy: ${path} lies at any depth of ${part}, where CEL cannot find it; use the webhook`,
    ),
  );
});

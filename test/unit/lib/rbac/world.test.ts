import { describe, expect, test } from "vitest";
import { authorize, RbacError, readWorld } from "../../../../lib/rbac/index.ts";
import { ask, clusterRole, clusterRoleBinding, impersonateUsers, role, roleBinding, rule } from "./build.ts";

type Json = Readonly<Record<string, unknown>>;

const version = "rbac.authorization.k8s.io/v1";
const imp = clusterRole("imp", impersonateUsers());
const bound = clusterRoleBinding("c1", "ClusterRole imp", "User alice");
const untyped = ({ kind: _, apiVersion: __, ...object }: Json): Json => object;
const list = (kind: string, ...items: readonly unknown[]) => ({ apiVersion: version, kind, items });

const allowed = (objects: readonly unknown[], namespace?: string): boolean => {
  const answer = authorize(readWorld(objects), ask({ user: "alice" }, namespace === undefined ? {} : { namespace }));
  return "allowed" in answer && answer.allowed;
};

describe("the manifests that are read", () => {
  test.each<[string, readonly unknown[]]>([
    ["objects", [imp, bound]],
    ["a List", [{ apiVersion: "v1", kind: "List", metadata: {}, items: [imp, bound] }]],
    ["a List in a List", [{ kind: "List", items: [{ kind: "List", items: [imp] }, bound] }]],
    ["lists by kind", [list("ClusterRoleList", imp), list("ClusterRoleBindingList", bound)]],
    [
      "their items without a kind",
      [list("ClusterRoleList", untyped(imp)), list("ClusterRoleBindingList", untyped(bound))],
    ],
    ["lists without items", [imp, bound, list("RoleList"), { ...list("RoleBindingList"), items: null }]],
    ["a List of what says what it is and what does not", [list("List", imp, bound, { replicas: 3 })]],
    ["among objects of other kinds", [{ apiVersion: "v1", kind: "ConfigMap", data: { rules: 5 } }, imp, bound]],
    ["among lists of other kinds", [{ apiVersion: "v1", kind: "PodList", items: 5 }, imp, bound]],
    [
      "among kinds with names almost like a list",
      [{ apiVersion: "example.com/v1", kind: "Listener", items: 5 }, imp, bound],
    ],
    ["among roles of other groups", [{ apiVersion: "iam.aws.upbound.io/v1beta1", kind: "Role", spec: {} }, imp, bound]],
    ["among what has no kind", [{ replicas: 3 }, { kind: 5, apiVersion: [] }, imp, bound]],
    ["among empty documents", [null, undefined, imp, bound]],
    ["names that begin with dots", [imp, bound, role("t1", ".hidden"), role("t1", "..hidden")]],
    ["a namespace on what has none", [{ ...imp, metadata: { name: "imp", namespace: "x" } }, bound]],
    [
      "subjects and roleRef without apiGroup",
      [imp, { ...bound, roleRef: { kind: "ClusterRole", name: "imp" }, subjects: [{ kind: "User", name: "alice" }] }],
    ],
    [
      "what the server adds",
      [{ ...imp, metadata: { name: "imp", uid: "1", managedFields: [{}], labels: null } }, bound],
    ],
    [
      "null for an empty list",
      [
        imp,
        bound,
        { ...role("t1", "none"), rules: null },
        { ...roleBinding("t1", "none", "Role none"), subjects: null },
      ],
    ],
  ])("%s", (_, objects) => {
    expect(allowed(objects)).toBe(true);
  });

  test.each<[string, readonly unknown[], boolean]>([
    [
      "a Role and a RoleBinding",
      [role("t1", "imp", impersonateUsers()), roleBinding("t1", "b1", "Role imp", "User alice")],
      true,
    ],
    [
      "their lists",
      [
        list("RoleList", untyped(role("t1", "imp", impersonateUsers()))),
        list("RoleBindingList", untyped(roleBinding("t1", "b1", "Role imp", "User alice"))),
      ],
      true,
    ],
    [
      "of another namespace",
      [role("t2", "imp", impersonateUsers()), roleBinding("t2", "b1", "Role imp", "User alice")],
      false,
    ],
  ])("%s", (_, objects, yes) => {
    expect(allowed(objects, "t1")).toBe(yes);
    expect(allowed(objects)).toBe(false);
  });

  test("without a namespace Role and RoleBinding are in default", () => {
    const here = [
      { ...role("", "imp", impersonateUsers()), metadata: { name: "imp" } },
      { ...roleBinding("", "b1", "Role imp", "User alice"), metadata: { name: "b1", namespace: null } },
    ];
    expect(allowed(here, "default")).toBe(true);
    expect(allowed(here, "t1")).toBe(false);
  });

  test("names that mean something to JavaScript are names", () => {
    const odd = JSON.parse(
      JSON.stringify([imp, bound]).replaceAll('"imp"', '"__proto__"').replaceAll('"alice"', '"constructor"'),
    );
    expect(authorize(readWorld(odd), ask({ user: "constructor" }, {}))).toMatchObject({ allowed: true });
    expect(authorize(readWorld(odd), ask({ user: "toString" }, {}))).toMatchObject({ allowed: false });
  });

  test("later changes to the manifests change nothing", () => {
    const mutable = { ...imp, rules: [{ verbs: ["get"], apiGroups: [""], resources: ["users"] }] };
    const world = readWorld([mutable, bound]);
    mutable.rules[0]?.verbs.push("impersonate");
    expect(authorize(world, ask({ user: "alice" }, {}))).toMatchObject({ allowed: false });
  });
});

describe("manifests that are refused, and the message", () => {
  const reader = role("t1", "reader", rule("get", "", "pods"));
  const withRule = (changes: Json) => ({
    ...reader,
    rules: [rule("get", "", "pods"), { ...rule("get", "", "pods"), ...changes }],
  });
  const clusterRule = (changes: Json) => ({ ...imp, rules: [changes] });
  const binding = roleBinding("t1", "b1", "Role reader", "User alice");
  const withSubject = (subject: unknown) => ({ ...binding, subjects: [subject] });
  const withRef = (manifest: Json, changes: unknown) => ({
    ...manifest,
    roleRef: { ...(manifest["roleRef"] as object), ...(changes as object) },
  });
  const aggregating = (rule: unknown) => ({ ...imp, aggregationRule: rule });
  const selecting = (expression: unknown) =>
    aggregating({ clusterRoleSelectors: [{ matchExpressions: [expression] }] });

  const r = 'Role "reader" in namespace "t1"';
  const c = 'ClusterRole "imp"';
  const b = 'RoleBinding "b1" in namespace "t1"';
  const cb = 'ClusterRoleBinding "c1"';
  const empty = "is empty: name at least one";
  const fields = "verbs, apiGroups, resources, resourceNames, nonResourceURLs";
  const selector = "aggregationRule.clusterRoleSelectors[0]";

  test.each<[string, unknown]>([
    // the manifest
    ["objects[0] is not an object: it must have named fields", "kind: Role"],
    ["objects[0] is not an object: it must have named fields", [reader]],
    ["objects[0].items[1] is not an object: it must have named fields", list("List", reader, 5)],
    ["objects[0]: items is not a list: write its items in brackets or after dashes", { kind: "List", items: {} }],
    [
      `objects[0]: kind is not a kind of rbac.authorization.k8s.io: write one of Role, ClusterRole, RoleBinding, ClusterRoleBinding`,
      { ...reader, kind: "Rolebinding" },
    ],
    [
      `objects[0]: kind is not a kind of rbac.authorization.k8s.io: write one of Role, ClusterRole, RoleBinding, ClusterRoleBinding`,
      { ...reader, kind: undefined },
    ],
    [`${r}: apiVersion must be ${version}`, { ...reader, apiVersion: "rbac.authorization.k8s.io/v1beta1" }],
    [`${r}: apiVersion must be ${version}`, { ...reader, apiVersion: undefined }],
    [`${r}: apiVersion must be ${version}`, { ...reader, apiVersion: "v1" }],
    ["Role at objects[0]: metadata is missing: it must be an object", { ...reader, metadata: undefined }],
    ["Role at objects[0]: metadata is not an object: it must have named fields", { ...reader, metadata: "reader" }],
    [
      "Role at objects[0]: metadata.name is missing: write a name",
      { ...reader, metadata: { generateName: "reader-" } },
    ],
    ["Role at objects[0]: metadata.name is not a string: put it in quotes", { ...reader, metadata: { name: 7 } }],
    [
      'Role at objects[0]: metadata.name is "a/b": a name is not . or .. and has no / or %',
      { ...reader, metadata: { name: "a/b" } },
    ],
    [
      'Role at objects[0]: metadata.name is ".": a name is not . or .. and has no / or %',
      { ...reader, metadata: { name: "." } },
    ],
    [
      'Role at objects[0]: metadata.name is "..": a name is not . or .. and has no / or %',
      { ...reader, metadata: { name: ".." } },
    ],
    [
      "Role at objects[0]: metadata.namespace is not a string: put it in quotes",
      { ...reader, metadata: { name: "reader", namespace: 7 } },
    ],
    [
      "ClusterRole at objects[0].items[0]: metadata.name is missing: write a name",
      list("ClusterRoleList", { metadata: {} }),
    ],
    [`${r} has an unknown field "rule": its fields are apiVersion, kind, metadata, rules`, { ...reader, rule: [] }],
    [
      `${r} has an unknown field "aggregationRule": its fields are apiVersion, kind, metadata, rules`,
      { ...reader, aggregationRule: {} },
    ],
    [
      `${b} has an unknown field "subject": its fields are apiVersion, kind, metadata, roleRef, subjects`,
      { ...binding, subject: {} },
    ],
    // rules
    [`${r}: rules is not a list: write its items in brackets or after dashes`, { ...reader, rules: {} }],
    [`${r}: rules[1] is missing: it must be an object`, { ...reader, rules: [rule("get", "", "pods"), null] }],
    [`${r}: rules[1].verbs ${empty} verb, or "*"`, withRule({ verbs: [] })],
    [`${r}: rules[1].verbs ${empty} verb, or "*"`, withRule({ verbs: undefined })],
    [`${r}: rules[1].verbs is not a list: write its items in brackets or after dashes`, withRule({ verbs: "get" })],
    [`${r}: rules[1].verbs[1] is not a string: put it in quotes`, withRule({ verbs: ["get", true] })],
    [`${r}: rules[1].apiGroups[0] is null: remove it or write ""`, withRule({ apiGroups: [null] })],
    [`${r}: rules[1].apiGroups ${empty} API group; "" is the core group`, withRule({ apiGroups: null })],
    [`${r}: rules[1].resources ${empty} resource, or "*"`, withRule({ resources: [] })],
    [`${r}: rules[1] has an unknown field "resourceName": its fields are ${fields}`, withRule({ resourceName: ["a"] })],
    [`${r}: rules[1].nonResourceURLs has no place in a Role: use a ClusterRole`, withRule({ nonResourceURLs: ["/"] })],
    [
      `${c}: rules[0].nonResourceURLs stands beside resources: make it a rule of its own`,
      clusterRule({ ...rule("get", "", "pods"), nonResourceURLs: ["/"] }),
    ],
    [
      `${c}: rules[0].nonResourceURLs stands beside resources: make it a rule of its own`,
      clusterRule({ verbs: ["get"], nonResourceURLs: ["/"], resourceNames: ["a"] }),
    ],
    [`${c}: rules[0].verbs ${empty} verb, or "*"`, clusterRule({ nonResourceURLs: ["/"] })],
    // labels and aggregation
    [
      `${c}: metadata.labels["a"] is not a string: put it in quotes`,
      { ...imp, metadata: { name: "imp", labels: { a: true } } },
    ],
    [
      `${c}: metadata.labels is not an object: it must have named fields`,
      { ...imp, metadata: { name: "imp", labels: ["a"] } },
    ],
    [`${c}: aggregationRule is not an object: it must have named fields`, aggregating([])],
    [`${c}: aggregationRule.clusterRoleSelectors is empty: write at least one label selector`, aggregating({})],
    [
      `${c}: ${selector} has an unknown field "labels": its fields are matchLabels, matchExpressions`,
      aggregating({ clusterRoleSelectors: [{ labels: {} }] }),
    ],
    [
      `${c}: ${selector}.matchLabels["a"] is not a string: put it in quotes`,
      aggregating({ clusterRoleSelectors: [{ matchLabels: { a: true } }] }),
    ],
    [
      `${c}: ${selector}.matchExpressions[0].key is missing: write the key of a label`,
      selecting({ operator: "Exists" }),
    ],
    [
      `${c}: ${selector}.matchExpressions[0].operator must be one of In, NotIn, Exists, DoesNotExist`,
      selecting({ key: "a", operator: "in" }),
    ],
    [
      `${c}: ${selector}.matchExpressions[0].values must have items for In and NotIn, and none for Exists and DoesNotExist`,
      selecting({ key: "a", operator: "NotIn" }),
    ],
    [
      `${c}: ${selector}.matchExpressions[0].values must have items for In and NotIn, and none for Exists and DoesNotExist`,
      selecting({ key: "a", operator: "Exists", values: ["b"] }),
    ],
    // roleRef
    [`${b}: roleRef is missing: it must be an object`, { ...binding, roleRef: undefined }],
    [`${b}: roleRef.kind must be Role or ClusterRole`, withRef(binding, { kind: "role" })],
    [`${cb}: roleRef.kind must be ClusterRole`, withRef(bound, { kind: "Role" })],
    [`${b}: roleRef.name is missing: write a name`, withRef(binding, { name: "" })],
    [
      `${b}: roleRef.name is "t1/reader": a name is not . or .. and has no / or %`,
      withRef(binding, { name: "t1/reader" }),
    ],
    [`${b}: roleRef.apiGroup must be "rbac.authorization.k8s.io" or left out`, withRef(binding, { apiGroup: version })],
    [
      `${b}: roleRef has an unknown field "namespace": its fields are apiGroup, kind, name`,
      withRef(binding, { namespace: "t1" }),
    ],
    // subjects
    [
      `${b}: subjects is not a list: write its items in brackets or after dashes`,
      { ...binding, subjects: { kind: "User", name: "alice" } },
    ],
    [`${b}: subjects[0] is not an object: it must have named fields`, withSubject("alice")],
    [`${b}: subjects[0].kind must be one of User, Group, ServiceAccount`, withSubject({ kind: "user", name: "alice" })],
    [`${b}: subjects[0].kind must be one of User, Group, ServiceAccount`, withSubject({ name: "alice" })],
    [`${b}: subjects[0].name is missing: write who is meant`, withSubject({ kind: "Group" })],
    [`${b}: subjects[0].name is not a string: put it in quotes`, withSubject({ kind: "User", name: 1000 })],
    [
      `${b}: subjects[0].apiGroup must be "rbac.authorization.k8s.io" or left out`,
      withSubject({ kind: "User", name: "alice", apiGroup: "v1" }),
    ],
    [
      `${b}: subjects[0].apiGroup must be "" or left out`,
      withSubject({ kind: "ServiceAccount", name: "s1", apiGroup: "rbac.authorization.k8s.io" }),
    ],
    [
      `${b}: subjects[0].name is "t1:s1": write the service account's name alone, its namespace beside it`,
      withSubject({ kind: "ServiceAccount", name: "t1:s1" }),
    ],
    [
      `${cb}: subjects[0].namespace is missing: write the service account's namespace`,
      { ...bound, subjects: [{ kind: "ServiceAccount", name: "s1" }] },
    ],
    [
      `${b}: subjects[0] has an unknown field "user": its fields are kind, apiGroup, name, namespace`,
      withSubject({ kind: "User", name: "alice", user: "alice" }),
    ],
  ])("%s", (message, object) => {
    expect(() => readWorld([object])).toThrow(new RbacError(message));
  });

  test.each<[string, readonly unknown[]]>([
    [`${c} is given twice, at objects[0] and objects[2]: keep one of them`, [imp, bound, imp]],
    [
      `${r} is given twice, at objects[0].items[1] and objects[1]: keep one of them`,
      [list("List", null, reader), reader],
    ],
    [
      'Role "reader" in namespace "default" is given twice, at objects[0] and objects[1]: keep one of them',
      [{ ...reader, metadata: { name: "reader" } }, role("default", "reader")],
    ],
  ])("%s", (message, objects) => {
    expect(() => readWorld(objects)).toThrow(new RbacError(message));
  });

  test("one name in two namespaces or of two kinds is not a duplicate", () => {
    const same = [reader, role("t2", "reader"), clusterRole("reader"), roleBinding("t1", "reader", "Role reader")];
    expect(() => readWorld(same)).not.toThrow();
  });

  test("a value that is not a list", () => {
    expect(() => readWorld(imp as never)).toThrow(
      new RbacError("objects is not a list: write its items in brackets or after dashes"),
    );
  });

  test("the error is of a class of its own", () => {
    expect(() => readWorld([5])).toThrow(RbacError);
    expect(new RbacError("x")).toMatchObject({ name: "RbacError", message: "x" });
  });
});

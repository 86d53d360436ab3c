import { account, type Json } from "../given.ts";
import { type Row, targets } from "../row.ts";

const resource = "things.v1.g.example";
const policyOf = (fields: readonly unknown[], rule: Json = {}): Pick<Row, "policy" | "resource"> => ({
  policy: targets({ group: "g.example", versions: ["v1"], resources: ["things"], fields, ...rule }),
  resource,
});
const spec = (members: Json) => ({ spec: members });
const yes = (asked: string, identity: string) => ({
  asked: { [asked]: "yes" as const },
  decision: "permitted" as const,
  reason: "may-impersonate" as const,
  declared: identity,
  effective: identity,
});

const group = policyOf([{ path: "spec.groups", names: "group" }]);

/** Fields that name groups: a text, or a list of them. */
export const groups: readonly Row[] = [
  {
    when: "a group is asked about as a group",
    ...group,
    object: spec({ groups: "dev" }),
    ...yes("impersonate groups/dev", "dev"),
  },
  {
    when: "each group of a list is judged",
    ...group,
    object: spec({ groups: ["dev", "system:masters"] }),
    asked: { "impersonate groups/dev": "yes", "impersonate groups/system:masters": "no" },
    decision: "denied",
    reason: "forbidden",
    declared: "system:masters",
    field: "spec.groups[1]",
    fields: "2",
    code: 403,
    says: 'spec.groups[1]: alice may not impersonate the group "system:masters"; get the permission to impersonate groups/system:masters',
  },
  {
    when: "a group that is called like the requester is not the requester",
    ...group,
    object: spec({ groups: "alice" }),
    ...yes("impersonate groups/alice", "alice"),
  },
  {
    when: "an element that is not a string is denied",
    ...group,
    object: spec({ groups: [5] }),
    decision: "denied",
    reason: "not-a-string",
    code: 422,
    says: "spec.groups[0]: must be a string, not the number 5",
    causes: [{ field: "spec.groups[0]", message: "must be a string, not the number 5" }],
  },
  ...[undefined, "", []].map(
    (none): Row => ({
      when: `${JSON.stringify(none)} names no group`,
      ...group,
      object: spec({ groups: none }),
      decision: "denied",
      reason: "empty",
      code: 403,
      says: "spec.groups is empty; set it to an identity that alice may impersonate",
    }),
  ),
  {
    when: "a list where a parent of the field belongs is not a list of groups",
    ...policyOf([{ path: "spec.access.groups", names: "group" }]),
    object: spec({ access: ["dev"] }),
    decision: "denied",
    reason: "parent-not-an-object",
    code: 422,
    says: "spec.access: must be an object, not a list",
    causes: [{ field: "spec.access", message: "must be an object, not a list" }],
  },
  {
    when: "a group that the list held at this place before is inherited",
    ...group,
    operation: "UPDATE",
    old: spec({ groups: ["system:masters", "dev"] }),
    object: spec({ groups: ["system:masters", "ops"] }),
    asked: { "impersonate groups/system:masters": "no", "impersonate groups/ops": "yes" },
    decision: "denied",
    reason: "inherited",
    declared: "system:masters",
    field: "spec.groups[0]",
    fields: "2",
    code: 403,
    says: 'spec.groups[0] still names "system:masters", which alice may not impersonate; set it to an identity that alice may impersonate',
  },
];

const patch = policyOf([{ path: "spec.podSpecPatch", names: "anything" }]);
const controller = account("kustomize-controller", "flux-system");
const mayFlux = "serviceaccounts/kustomize-controller -n flux-system";
const kubeConfig = policyOf([{ path: "spec.kubeConfig", standsFor: controller }]);

/** Fields whose content is not read, because it can name any service account of the namespace, or stands for one identity. */
export const anything: readonly Row[] = [
  {
    when: "a value of any kind needs the permission to impersonate every service account of the namespace",
    ...patch,
    object: spec({ podSpecPatch: "serviceAccountName: root" }),
    asked: { "impersonate serviceaccounts -n team-a": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    says: "alice may impersonate every service account in namespace team-a",
  },
  {
    when: "without it the value is refused",
    ...patch,
    object: spec({ podSpecPatch: { serviceAccountName: "deployer" } }),
    asked: { "impersonate serviceaccounts -n team-a": "no" },
    decision: "denied",
    reason: "forbidden",
    code: 403,
    says: "spec.podSpecPatch can name any service account in namespace team-a, and alice may not impersonate them all; leave it out, or get the permission to impersonate serviceaccounts -n team-a",
  },
  {
    when: "in an object without a namespace it can name those of all namespaces",
    ...patch,
    namespace: "",
    object: spec({ podSpecPatch: "x" }),
    asked: { "impersonate serviceaccounts": "no" },
    decision: "denied",
    reason: "forbidden",
    code: 403,
    says: "spec.podSpecPatch can name any service account, and alice may not impersonate them all; leave it out, or get the permission to impersonate serviceaccounts",
  },
  {
    when: "a permission of its own is asked for without a name",
    ...policyOf([
      { path: "spec.patch", names: "anything", permission: { verb: "use", group: "", resource: "patches" } },
    ]),
    object: spec({ patch: "x" }),
    asked: { "use patches -n team-a": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
  },
  {
    when: "a value that stands for an identity needs the permission to impersonate that identity alone",
    ...kubeConfig,
    object: spec({ kubeConfig: { secretRef: { name: "remote" } } }),
    asked: { [`impersonate ${mayFlux}`]: "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    says: `alice may impersonate "${controller}"`,
    effective: controller,
  },
  {
    when: "without it the value is refused, whatever it is",
    ...kubeConfig,
    object: spec({ kubeConfig: false }),
    asked: { [`impersonate ${mayFlux}`]: "no" },
    decision: "denied",
    reason: "forbidden",
    code: 403,
    says: `spec.kubeConfig stands for "${controller}", and alice may not impersonate that; leave it out, or get the permission to impersonate ${mayFlux}`,
  },
  {
    when: "it may stand for the requester",
    ...kubeConfig,
    by: controller,
    object: spec({ kubeConfig: {} }),
    decision: "self",
    reason: "requester",
    says: "spec.kubeConfig stands for the requester",
    effective: controller,
  },
  {
    when: "it may stand for a user that is not a service account",
    ...policyOf([{ path: "spec.kubeConfig", standsFor: "guest" }]),
    object: spec({ kubeConfig: "x" }),
    asked: { "impersonate users/guest": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    effective: "guest",
  },
  {
    when: "a permission of its own is asked for with the identity that the value stands for",
    ...policyOf([
      { path: "spec.kubeConfig", standsFor: "alice", permission: { verb: "use", group: "", resource: "servers" } },
    ]),
    object: spec({ kubeConfig: "x" }),
    asked: { "use servers/alice -n team-a": "no" },
    decision: "denied",
    reason: "forbidden",
    code: 403,
    says: 'spec.kubeConfig stands for "alice", and alice may not impersonate that; leave it out, or get the permission to use servers/alice -n team-a',
  },
  {
    when: "an absent value stands for no identity",
    ...kubeConfig,
    object: spec({}),
    decision: "skipped",
    reason: "no-field",
  },
  {
    when: "a trusted writer copies it",
    policy: targets(
      {
        ...{ group: "g.example", versions: ["v1"], resources: ["things"] },
        fields: [{ path: "spec.podSpecPatch", names: "anything" }],
        writers: [{ username: "copier", copiesFrom: "sources.g.example" }],
      },
      { group: "g.example", versions: ["v1"], resources: ["sources"], fields: ["spec.runAs"] },
    ),
    resource,
    by: "copier",
    object: spec({ podSpecPatch: "x" }),
    decision: "permitted",
    reason: "trusted-writer",
  },
  ...[undefined, null, ""].map(
    (none): Row => ({
      when: `${JSON.stringify(none)} names none`,
      ...patch,
      object: spec({ podSpecPatch: none }),
      decision: "skipped",
      reason: "no-field",
    }),
  ),
  {
    when: "empty values name none, however many there are in a list",
    ...policyOf([{ path: "spec.jobs[*].podSpecPatch", names: "anything" }]),
    object: spec({ jobs: Array.from({ length: 1_001 }, () => ({ podSpecPatch: "" })) }),
    decision: "skipped",
    reason: "no-field",
  },
  {
    when: "an empty value at any depth names none",
    ...policyOf([{ path: "spec.**.podSpecPatch", names: "anything" }]),
    object: spec({ jobs: [{ podSpecPatch: "" }] }),
    decision: "skipped",
    reason: "no-field",
  },
  {
    when: "at any depth, empty values do not hide others behind them",
    ...policyOf([{ path: "spec.**.podSpecPatch", names: "anything" }]),
    object: spec({ a: Array.from({ length: 1_001 }, () => ({ podSpecPatch: "" })), b: { podSpecPatch: "x" } }),
    decision: "denied",
    reason: "too-many-identities",
    code: 422,
    says: "the object has 1001 fields for identities, of 1000 at most; split the object",
    causes: [
      {
        field: "spec.**[0].podSpecPatch",
        message: "the object has 1001 fields for identities, of 1000 at most; split the object",
      },
    ],
  },
  {
    when: "a parent that is not an object is denied",
    ...policyOf([{ path: "spec.pod.patch", names: "anything" }]),
    object: spec({ pod: "x" }),
    decision: "denied",
    reason: "parent-not-an-object",
    code: 422,
    says: "spec.pod: must be an object, not a string",
    causes: [{ field: "spec.pod", message: "must be an object, not a string" }],
  },
];

const account_ = { path: "spec.serviceAccountName", serviceAccount: "name" };
const flux = policyOf([
  {
    ...account_,
    emptyStandsFor: controller,
    whenSet: [
      {
        path: "spec.kubeConfig.secretRef.name",
        onEmpty: "allow",
        emptyIsUnprivileged: true,
        permission: { verb: "use", group: "", resource: "clusters" },
      },
      { path: "spec.suspended", onEmpty: "deny" },
    ],
  },
]);
const refusedEmpty = {
  asked: { [`impersonate ${mayFlux}`]: "no" as const },
  decision: "denied" as const,
  reason: "empty" as const,
  code: 403,
  says: `spec.serviceAccountName is empty, which stands for "${controller}", and alice may not impersonate that; set it to an identity that alice may impersonate, or get the permission to impersonate serviceaccounts/kustomize-controller -n flux-system`,
};

/** A field's rule may depend on another path of the object. */
export const conditions: readonly Row[] = [
  {
    when: "where the other path is set, its rule counts: an empty field is allowed",
    ...flux,
    object: spec({ kubeConfig: { secretRef: { name: "remote" } } }),
    decision: "permitted",
    reason: "empty-allowed",
  },
  {
    when: "and another permission is asked for",
    ...flux,
    object: spec({ kubeConfig: { secretRef: { name: "remote" } }, serviceAccountName: "deployer" }),
    ...yes(`use clusters/${account("deployer")} -n team-a`, account("deployer")),
  },
  {
    when: "the first condition that holds counts",
    ...flux,
    object: spec({ kubeConfig: { secretRef: { name: "remote" } }, suspended: true }),
    decision: "permitted",
    reason: "empty-allowed",
  },
  {
    when: "the second counts where the first does not hold",
    ...flux,
    object: spec({ suspended: "yes" }),
    decision: "denied",
    reason: "empty",
    code: 403,
    says: "spec.serviceAccountName is empty; set it to an identity that alice may impersonate",
  },
  ...[
    {},
    { kubeConfig: {} },
    { kubeConfig: null },
    { kubeConfig: "remote" },
    { kubeConfig: { secretRef: "remote" } },
    { kubeConfig: { secretRef: ["remote"] } },
    ...["", null, {}, [], false].map((name) => ({ kubeConfig: { secretRef: { name } } })),
  ].map(
    (members): Row => ({
      when: `${JSON.stringify(members)} does not set it`,
      ...flux,
      object: spec(members),
      ...refusedEmpty,
    }),
  ),
  ...["remote", 5, 0, true, ["a"], { a: 1 }].map(
    (name): Row => ({
      when: `${JSON.stringify(name)} sets it`,
      ...flux,
      object: spec({ kubeConfig: { secretRef: { name } } }),
      decision: "permitted",
      reason: "empty-allowed",
    }),
  ),
];

const tekton = policyOf([{ ...account_, unprivileged: ["default"] }]);
const deployer = yes("impersonate serviceaccounts/deployer -n team-a", account("deployer"));

/** Values that need no permission. */
export const unprivileged: readonly Row[] = [
  {
    when: "a value that needs no permission",
    ...tekton,
    object: spec({ serviceAccountName: "default" }),
    decision: "permitted",
    reason: "unprivileged",
    says: 'spec.serviceAccountName names "default", which needs no permission',
    declared: account("default"),
    effective: account("default"),
  },
  { when: "another value does", ...tekton, object: spec({ serviceAccountName: "deployer" }), ...deployer },
];

const deep = policyOf([{ path: "spec.**.serviceAccountName", serviceAccount: "name" }]);

/** A path to any depth. */
export const depths: readonly Row[] = [
  {
    when: "every member of that name is judged, in lists and maps, at any depth",
    ...deep,
    object: spec({
      serviceAccountName: "deployer",
      templates: [{ inline: { steps: [[{ serviceAccountName: "root" }]] } }, {}],
    }),
    asked: {
      "impersonate serviceaccounts/deployer -n team-a": "yes",
      "impersonate serviceaccounts/root -n team-a": "no",
    },
    decision: "denied",
    reason: "forbidden",
    declared: account("root"),
    field: "spec.**[0].**[0][0].serviceAccountName",
    fields: "2",
    code: 403,
    says: `spec.**[0].**[0][0].serviceAccountName: alice may not impersonate "${account("root")}"; get the permission to impersonate serviceaccounts/root -n team-a`,
  },
  {
    when: "a member outside the path does not count",
    ...deep,
    object: { ...spec({ a: 1 }), serviceAccountName: "root" },
    decision: "skipped",
    reason: "no-field",
  },
  {
    when: "a member that holds null is an empty field",
    ...deep,
    object: spec({ a: { serviceAccountName: null } }),
    decision: "denied",
    reason: "empty",
    code: 403,
    says: "spec.**.serviceAccountName is empty; set it to an identity that alice may impersonate",
  },
  {
    when: "a member that is not a string is denied, and what is in it is judged",
    ...deep,
    object: spec({ serviceAccountName: { serviceAccountName: "deployer" } }),
    asked: { "impersonate serviceaccounts/deployer -n team-a": "yes" },
    decision: "denied",
    reason: "not-a-string",
    field: "spec.serviceAccountName",
    fields: "2",
    code: 422,
    says: "spec.serviceAccountName: must be a string, not an object",
    causes: [{ field: "spec.serviceAccountName", message: "must be a string, not an object" }],
  },
  ...([200, 201] as const).map((levels): Row => {
    const nested = (depth: number): Json =>
      depth === 0 ? { serviceAccountName: "deployer" } : { a: nested(depth - 1) };
    const message = "must not lie more than 200 levels deep";
    return {
      when: `a member that lies ${levels} levels deep`,
      ...deep,
      object: spec(nested(levels)),
      ...(levels === 200
        ? deployer
        : {
            decision: "denied",
            reason: "parent-not-an-object",
            code: 422,
            says: `spec.**: ${message}`,
            causes: [{ field: "spec.**", message }],
          }),
    };
  }),
  {
    when: "a path may go on behind the depth",
    ...policyOf([{ path: "spec.provider.**.serviceAccountRef.name", serviceAccount: "name" }]),
    object: spec({ provider: { aws: { auth: { jwt: { serviceAccountRef: { name: "deployer" } } } } } }),
    ...deployer,
  },
  {
    when: "a place that an earlier field leads to is judged by the rule of that field alone",
    ...policyOf([
      { path: "spec.runAs", onForbidden: "deny", onEmpty: "deny" },
      { path: "spec.**.runAs", onForbidden: "deny", onEmpty: "allow", emptyIsUnprivileged: true },
    ]),
    object: spec({ runAs: "", jobs: [{ runAs: "" }] }),
    decision: "denied",
    reason: "empty",
    field: "spec.runAs",
    fields: "2",
    code: 403,
    says: "spec.runAs is empty; set it to an identity that alice may impersonate",
  },
];

const anyCase = policyOf(
  [
    { path: "spec.jobs[*].serviceAccountName", serviceAccount: "name" },
    { path: "spec.account", serviceAccount: { namespaceAt: "spec.target.namespace" } },
    { path: "spec.inline.**.serviceAccountName", serviceAccount: "name" },
    { path: "spec.kind", names: "group", whenSet: [{ path: "spec.strictly", onEmpty: "deny" }] },
  ],
  { onEmpty: "allow", emptyIsUnprivileged: true, ignoresLetterCase: true },
);
const misspelt = (at: string, key: string) => {
  const message = `must be written ${key}, because the controller may read it in any letter case`;
  return {
    decision: "denied" as const,
    reason: "letter-case" as const,
    code: 422,
    says: `${at}: ${message}`,
    causes: [{ field: at, message }],
  };
};

/** Members of an object whose controller reads them in any letter case. */
export const letterCase: readonly Row[] = [
  {
    when: "a field's own member must be written as the path writes it",
    ...anyCase,
    object: spec({ jobs: [{ serviceAccountName: "deployer" }, { ServiceAccountName: "root" }] }),
    ...misspelt("spec.jobs[1].ServiceAccountName", "serviceAccountName"),
  },
  ...[
    { when: "a member on its way", object: spec({ Jobs: [] }), ...misspelt("spec.Jobs", "jobs") },
    {
      when: "the way to a namespace",
      object: spec({ target: { nameSpace: "team-b" } }),
      ...misspelt("spec.target.nameSpace", "namespace"),
    },
    { when: "the path of a condition", object: spec({ STRICTLY: true }), ...misspelt("spec.STRICTLY", "strictly") },
    {
      when: "a member at any depth, whose keys are not told",
      object: spec({ inline: { steps: [{ inline: { serviceaccountName: "root" } }] } }),
      ...misspelt("spec.inline.**[0].**.serviceaccountName", "serviceAccountName"),
    },
    {
      when: "a letter that only Unicode folds, to upper case,",
      object: spec({ inline: { "\u017ferviceAccountName": "root" } }),
      ...misspelt('spec.inline["\u017ferviceAccountName"]', "serviceAccountName"),
    },
    {
      when: "a letter that only Unicode folds, to lower case,",
      object: spec({ "\u212aind": "" }),
      ...misspelt('spec["\u212aind"]', "kind"),
    },
    {
      when: "a member of a map, whose key is not told",
      object: spec({ jobs: { nightly: { ServiceAccountName: "root" } } }),
      ...misspelt("spec.jobs[*].ServiceAccountName", "serviceAccountName"),
    },
  ].map((row): Row => ({ ...anyCase, ...row, when: `${row.when} counts too` })),
  {
    when: "a field that holds an object has no member of another spelling",
    ...anyCase,
    object: spec({ account: { SPEC: "x" } }),
    decision: "denied",
    reason: "not-a-string",
    field: "spec.account",
    fields: "2",
    code: 422,
    says: "spec.account: must be a string, not an object",
    causes: [{ field: "spec.account", message: "must be a string, not an object" }],
  },
  {
    when: "null has no members, and a list has none by name",
    ...anyCase,
    object: spec({ jobs: [null, ["x"]], inline: null, target: "x" }),
    decision: "denied",
    reason: "parent-not-an-object",
    field: "spec.jobs[1]",
    fields: "4",
    code: 422,
    says: "spec.jobs[1]: must be an object, not a list",
    causes: [{ field: "spec.jobs[1]", message: "must be an object, not a list" }],
  },
  {
    when: "null has no elements",
    ...anyCase,
    object: spec({ jobs: null }),
    decision: "permitted",
    reason: "empty-allowed",
    field: "spec.account",
    fields: "2",
  },
  {
    when: "letters that are alike only in another number are others",
    ...policyOf(["spec.pass.runAs"], { onEmpty: "allow", emptyIsUnprivileged: true, ignoresLetterCase: true }),
    object: spec({ "pa\u00df": { runAs: "root" } }),
    decision: "permitted",
    reason: "empty-allowed",
  },
  {
    when: "the same letters elsewhere are not a member of the way",
    ...anyCase,
    object: spec({ labels: { Jobs: "x", ServiceAccountName: "x" }, jobs: [{ serviceAccountName: "deployer" }] }),
    asked: { "impersonate serviceaccounts/deployer -n team-a": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    declared: account("deployer"),
    effective: account("deployer"),
    field: "spec.jobs[0].serviceAccountName",
    fields: "3",
  },
  {
    when: "a target that does not say so reads members as they are written",
    ...policyOf([{ path: "spec.**.serviceAccountName", serviceAccount: "name" }]),
    object: spec({ ServiceAccountName: "root" }),
    decision: "skipped",
    reason: "no-field",
  },
];

const elsewhere = policyOf([
  { path: "spec.account", serviceAccount: { namespaceAt: "spec.target.namespace", colon: true } },
]);
const qualified = policyOf([{ path: "spec.account", serviceAccount: "namespace:name" }]);

/** Where the namespace of a service account stands. */
export const namespaces: readonly Row[] = [
  {
    when: "the namespace may stand at another path",
    ...elsewhere,
    object: spec({ account: "deployer", target: { namespace: "team-b" } }),
    ...yes("impersonate serviceaccounts/deployer -n team-b", account("deployer", "team-b")),
  },
  {
    when: "or before the name, where the form allows that",
    ...elsewhere,
    object: spec({ account: "team-c:deployer", target: { namespace: "team-b" } }),
    ...yes("impersonate serviceaccounts/deployer -n team-c", account("deployer", "team-c")),
  },
  {
    when: "without one it is the object's",
    ...elsewhere,
    object: spec({ account: "deployer" }),
    ...deployer,
  },
  ...[{ namespace: 5 }, "team-b"].map(
    (target): Row => ({
      when: `a namespace elsewhere that is not a string is denied: ${JSON.stringify({ target })}`,
      ...elsewhere,
      object: spec({ account: "deployer", target }),
      decision: "denied",
      reason: "unsafe-name",
      declared: "deployer",
      code: 422,
      says: 'spec.account: "deployer" has a namespace at spec.target.namespace that is not a string',
      causes: [
        { field: "spec.account", message: '"deployer" has a namespace at spec.target.namespace that is not a string' },
      ],
    }),
  ),
  {
    when: "a namespace before the name is denied where the form does not allow that",
    ...policyOf([{ path: "spec.account", serviceAccount: { namespaceAt: "spec.target.namespace" } }]),
    object: spec({ account: "team-c:deployer", target: { namespace: "team-b" } }),
    decision: "denied",
    reason: "unsafe-name",
    declared: "team-c:deployer",
    code: 422,
    says: 'spec.account: "team-c:deployer" is not the name of a service account in a namespace',
    causes: [
      { field: "spec.account", message: '"team-c:deployer" is not the name of a service account in a namespace' },
    ],
  },
  {
    when: "a bare name is denied where the form does not say whose namespace it means",
    ...qualified,
    object: spec({ account: "deployer" }),
    decision: "denied",
    reason: "unsafe-name",
    declared: "deployer",
    code: 422,
    says: 'spec.account: "deployer" has no namespace before it; write NAMESPACE:NAME',
    causes: [{ field: "spec.account", message: '"deployer" has no namespace before it; write NAMESPACE:NAME' }],
  },
  ...[undefined, null, ""].map(
    (none): Row => ({
      when: `a bare name is denied where the form requires a namespace beside it and there is ${JSON.stringify(none)}`,
      ...policyOf([{ path: "spec.accounts[*].name", serviceAccount: { namespaceKey: "namespace", required: true } }]),
      object: spec({ accounts: [{ name: "deployer", namespace: none }] }),
      decision: "denied",
      reason: "unsafe-name",
      declared: "deployer",
      code: 422,
      says: 'spec.accounts[0].name: "deployer" has no namespace beside it',
      causes: [{ field: "spec.accounts[0].name", message: '"deployer" has no namespace beside it' }],
    }),
  ),
  {
    when: "a namespace that the form requires is there",
    ...policyOf([{ path: "spec.account", serviceAccount: { namespaceAt: "spec.target.namespace", required: true } }]),
    object: spec({ account: "deployer", target: { namespace: "team-b" } }),
    ...yes("impersonate serviceaccounts/deployer -n team-b", account("deployer", "team-b")),
  },
  {
    when: "an edit of the namespace elsewhere is an edit of the identity",
    ...elsewhere,
    operation: "UPDATE",
    old: spec({ account: "deployer", target: { namespace: "team-a" } }),
    object: spec({ account: "deployer", target: { namespace: "team-b" } }),
    ...yes("impersonate serviceaccounts/deployer -n team-b", account("deployer", "team-b")),
  },
];

const mixed = policyOf([
  "spec.runAs",
  { ...account_, onEmpty: "allow", emptyIsUnprivileged: true },
  { path: "spec.podSpecPatch", names: "anything" },
]);

/** Fields of several kinds in one resource, each with a rule of its own. */
export const severalKinds: readonly Row[] = [
  {
    when: "each is judged by its own rule, and the worst decides",
    ...mixed,
    object: spec({ runAs: "alice", serviceAccountName: "deployer", podSpecPatch: "x" }),
    asked: { "impersonate serviceaccounts/deployer -n team-a": "yes", "impersonate serviceaccounts -n team-a": "no" },
    decision: "denied",
    reason: "forbidden",
    field: "spec.podSpecPatch",
    fields: "3",
    code: 403,
    says: "spec.podSpecPatch can name any service account in namespace team-a, and alice may not impersonate them all; leave it out, or get the permission to impersonate serviceaccounts -n team-a",
  },
  {
    when: "one that names nothing and may does not hide another that names the requester",
    ...mixed,
    object: spec({ runAs: "alice" }),
    decision: "self",
    reason: "requester",
    declared: "alice",
    effective: "alice",
    field: "spec.runAs",
    fields: "2",
  },
];

import { account, add, type Json, replace, template, user } from "../given.ts";
import { at, pointer, type Row, targets } from "../row.ts";

const resource = "things.v1.g.example";
const thing = { group: "g.example", versions: ["v1"], resources: ["things"] };
const spec = (members: Json) => ({ spec: members });
const narrowed = { extra: { "scopes.authorization.openshift.io": ["user:info"] } };

const flux = account("kustomize-controller", "flux-system");
const mayFlux = "impersonate serviceaccounts/kustomize-controller -n flux-system";
const field = { path: "spec.serviceAccountName", serviceAccount: "name" };
const name = "spec.serviceAccountName";
const accounts = {
  policy: targets({ ...thing, fields: [field], emptyStandsFor: flux }),
  resource,
} as const;
const refused = (by = "alice"): string =>
  `${name} is empty, which stands for "${flux}", and ${by} may not impersonate that; set it to an identity that ${by} may impersonate, or get the permission to ${mayFlux}`;

const guest = {
  policy: targets({ ...thing, fields: ["spec.runAs"], emptyStandsFor: "guest" }),
  resource,
} as const;
const copier = account("copier", "system");

/** An empty field that stands for an identity is judged as if it named the identity, and stays empty. */
export const emptyStandsFor: readonly Row[] = [
  {
    when: "Flux's own controller writes an empty field, which stands for it: nothing is asked",
    ...accounts,
    by: { username: flux },
    object: spec({}),
    decision: "self",
    reason: "requester",
    effective: flux,
    says: `${name} is empty, which stands for the requester`,
  },
  {
    when: "on the validating endpoint an empty field that stands for the requester stays",
    ...accounts,
    endpoint: "validate",
    by: { username: flux },
    object: spec({}),
    decision: "self",
    reason: "requester",
    effective: flux,
  },
  ...([{}, { serviceAccountName: null }, { serviceAccountName: "" }] as const).map(
    (members): Row => ({
      when: `a tenant is refused an empty field that stands for the controller: ${JSON.stringify(members)}`,
      ...accounts,
      object: spec(members),
      asked: { [mayFlux]: "no" },
      decision: "denied",
      reason: "empty",
      code: 403,
      says: refused(),
    }),
  ),
  {
    when: "who may impersonate the controller leaves the field empty, and nothing is written",
    ...accounts,
    by: user("admin", "system:masters"),
    object: spec({}),
    asked: { [mayFlux]: "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    effective: flux,
  },
  {
    when: "no answer about what an empty field stands for is a denial",
    ...accounts,
    object: spec({}),
    asked: { [mayFlux]: "nothing" },
    decision: "denied",
    reason: "no-answer",
    code: 502,
    says: `whether alice may ${mayFlux} could not be found out: no answer came back`,
  },
  {
    when: "a declared identity is judged as usual, whatever an empty field stands for",
    ...accounts,
    object: spec({ serviceAccountName: "deployer" }),
    asked: { "impersonate serviceaccounts/deployer -n team-a": "no" },
    decision: "denied",
    reason: "forbidden",
    declared: account("deployer"),
    code: 403,
    says: `${name}: alice may not impersonate "${account("deployer")}"; get the permission to impersonate serviceaccounts/deployer -n team-a`,
  },
  {
    when: "an account of the controller's name in the object's namespace is another one",
    ...accounts,
    by: { username: account("kustomize-controller") },
    object: spec({}),
    asked: { [mayFlux]: "no" },
    decision: "denied",
    reason: "empty",
    code: 403,
    says: refused(account("kustomize-controller")),
  },
  {
    when: "who edits an object without an identity acts as what that stands for",
    ...accounts,
    operation: "UPDATE",
    old: spec({ data: 1 }),
    object: spec({ data: 2 }),
    asked: { [mayFlux]: "no" },
    decision: "denied",
    reason: "empty",
    code: 403,
    says: refused(),
  },
  {
    when: "who empties the field hands the object to what that stands for",
    ...accounts,
    operation: "UPDATE",
    old: spec({ serviceAccountName: "deployer" }),
    object: spec({}),
    asked: { [mayFlux]: "no" },
    decision: "denied",
    reason: "empty",
    code: 403,
    says: refused(),
  },
  {
    when: "a label on an object without an identity is not judged",
    ...accounts,
    operation: "UPDATE",
    old: { metadata: {}, ...spec({}) },
    object: { metadata: { labels: { a: "b" } }, ...spec({}) },
    decision: "skipped",
    reason: "unchanged",
  },
  {
    when: "a narrowed credential of the controller must be allowed all of what an empty field stands for: no",
    ...accounts,
    by: { username: flux, ...narrowed },
    object: spec({}),
    asked: { [mayFlux]: "no" },
    decision: "denied",
    reason: "narrowed-requester",
    code: 403,
    says: `${name} would grant all rights of "${flux}", but this token is limited by scopes.authorization.openshift.io; use an unscoped token`,
  },
  {
    when: "a narrowed credential of the controller must be allowed all of what an empty field stands for: yes",
    ...accounts,
    by: { username: flux, ...narrowed },
    object: spec({}),
    asked: { [mayFlux]: "yes" },
    decision: "self",
    reason: "requester",
    effective: flux,
  },
  {
    when: "a trusted writer copies an empty field, too",
    policy: targets(
      {
        ...thing,
        fields: [field],
        emptyStandsFor: flux,
        writers: [{ username: copier, copiesFrom: "sources.g.example" }],
      },
      { ...thing, resources: ["sources"], fields: [field] },
    ),
    resource,
    by: { username: copier },
    object: spec({}),
    decision: "permitted",
    reason: "trusted-writer",
    effective: flux,
  },
  {
    when: "an empty username that stands for the requester stays empty",
    ...guest,
    by: "guest",
    object: spec({}),
    decision: "self",
    reason: "requester",
    effective: "guest",
  },
  {
    when: "an empty username that stands for a forbidden user is refused: it stays empty, so the requester is not written",
    ...guest,
    object: spec({}),
    asked: { "impersonate users/guest": "no" },
    decision: "denied",
    reason: "empty",
    code: 403,
    says: 'spec.runAs is empty, which stands for "guest", and alice may not impersonate that; set it to an identity that alice may impersonate, or get the permission to impersonate users/guest',
  },
  {
    when: "a forbidden name in such a field is replaced as ever",
    ...guest,
    object: spec({ runAs: "carol" }),
    asked: { "impersonate users/carol": "no" },
    decision: "replaced",
    reason: "forbidden",
    declared: "carol",
    effective: "alice",
    warns: ['spec.runAs: "carol" replaced by "alice", who may not impersonate it'],
    patch: [replace("/spec/runAs", "alice")],
  },
  {
    when: "each empty field of a list stands for the identity, which is asked about once",
    policy: targets({ ...thing, fields: ["spec.jobs[*].runAs"], emptyStandsFor: "guest" }),
    resource,
    object: spec({ jobs: [{ runAs: "alice" }, {}, null] }),
    asked: { "impersonate users/guest": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    effective: "guest",
    field: "spec.jobs[1].runAs",
    fields: "3",
  },
  {
    when: "an identity on another cluster stands for an empty field: the permission is asked for, by the literal name",
    policy: targets({
      ...thing,
      fields: [{ path: "spec.executor.name", serviceAccount: { namespaceKey: "namespace" } }],
      permission: { verb: "execute-as", group: "work.example", resource: "manifestworks" },
      emptyStandsFor: "system:serviceaccount::klusterlet-work-sa",
    }),
    resource,
    object: spec({}),
    asked: { "execute-as manifestworks.work.example/system:serviceaccount::klusterlet-work-sa -n team-a": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    effective: "system:serviceaccount::klusterlet-work-sa",
  },
  {
    when: "an identity on another cluster is not the requester of that name, for an empty field either",
    policy: targets({
      ...thing,
      fields: ["spec.runAs"],
      permission: { verb: "execute-as", group: "", resource: "works" },
      emptyStandsFor: "alice",
    }),
    resource,
    object: spec({}),
    asked: { "execute-as works/alice -n team-a": "no" },
    decision: "denied",
    reason: "empty",
    code: 403,
    says: 'spec.runAs is empty, which stands for "alice", and alice may not impersonate that; set it to an identity that alice may impersonate, or get the permission to execute-as works/alice -n team-a',
  },
];

const controller = account("razeedeploy-sa", "razeedeploy");
const isController = "impersonate serviceaccounts/razeedeploy-sa -n razeedeploy";
const statusWrite = { operation: "UPDATE", subResource: "status" } as const;
const children = { status: { children: { "/api/v1/namespaces/default/pods/a": {} } } };
const ofNobody = { ...statusWrite, old: template(), object: { ...template(), ...children } } as const;
const refusedStatus = (by: string, identity = controller, ask = isController, path = at): string =>
  `the controller acts on this status, and ${path} is empty, which stands for "${identity}", and ${by} may not impersonate that; first set ${path} to an identity that ${by} may impersonate, or get the permission to ${ask}`;

/** The status of an object without an identity, older than the webhook: its controller may still write it, other users may not. */
export const statusOfNobody: readonly Row[] = [
  ...(
    [
      ["as Razee's policy is", {}],
      ["where the policy refuses an empty field", { onEmpty: "deny" }],
      ["whether or not the controller's account may be written", { onPrivilegedRequester: "default" }],
    ] as const
  ).flatMap(([how, choices]): readonly Row[] => [
    {
      when: `the controller writes the children of an object without an identity, ${how}`,
      ...ofNobody,
      policy: targets({ preset: "razee", ...choices }),
      by: { username: controller },
      decision: "self",
      reason: "requester",
      effective: controller,
    },
    {
      when: `a stranger may not write the children of an object without an identity, ${how}`,
      ...ofNobody,
      policy: targets({ preset: "razee", ...choices }),
      by: "carol",
      asked: { [isController]: "no" },
      decision: "denied",
      reason: "empty",
      code: 403,
      says: refusedStatus("carol"),
    },
  ]),
  {
    when: "a user who may impersonate the controller may write the children of an object without an identity",
    ...ofNobody,
    by: "admin",
    asked: { [isController]: "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    effective: controller,
  },
  {
    when: "the user of a privileged name is not the controller",
    ...ofNobody,
    by: "razeedeploy",
    asked: { [isController]: "no" },
    decision: "denied",
    reason: "empty",
    code: 403,
    says: refusedStatus("razeedeploy"),
  },
  {
    when: "a narrowed credential of the controller must be allowed all of it for a status, too",
    ...ofNobody,
    by: { username: controller, ...narrowed },
    asked: { [isController]: "no" },
    decision: "denied",
    reason: "narrowed-requester",
    code: 403,
    says: `${at} would grant all rights of "${controller}", but this token is limited by scopes.authorization.openshift.io; use an unscoped token`,
  },
  {
    when: "the controller of another account writes the children of an object without an identity",
    ...ofNobody,
    policy: targets({ preset: "razee", controller: account("other", "razee") }),
    by: { username: account("other", "razee") },
    decision: "self",
    reason: "requester",
    effective: account("other", "razee"),
  },
  ...(
    [
      ["the requester", "requester"],
      ["a fixed default", { default: "guest" }],
      ["nothing, because it is refused", "deny"],
    ] as const
  ).map(
    ([what, onEmpty]): Row => ({
      when: `where nothing stands for an empty field, a status write is refused, whether the field is set to ${what}`,
      ...statusWrite,
      policy: targets({ ...thing, fields: ["spec.runAs"], statusPaths: ["status.children"], onEmpty }),
      resource,
      by: "guest",
      old: spec({}),
      object: { ...spec({}), ...children },
      decision: "denied",
      reason: "empty",
      code: 403,
      says: "the controller acts on this status, and spec.runAs is empty; set that to an identity first",
    }),
  ),
  ...(
    [
      ["the requester", { onEmpty: "requester" }],
      ["a fixed default", { onEmpty: { default: "guest" } }],
      ["nothing, because it is refused", { onEmpty: "deny" }],
      ["nothing, because it stands for an identity", {}],
    ] as const
  ).map(
    ([what, rule]): Row => ({
      when: `a status write is judged by what an empty field stands for, although the field is set to ${what}`,
      ...statusWrite,
      policy: targets({
        ...thing,
        fields: ["spec.runAs"],
        statusPaths: ["status.children"],
        emptyStandsFor: "robot",
        ...rule,
      }),
      resource,
      by: "guest",
      old: spec({}),
      object: { ...spec({}), ...children },
      asked: { "impersonate users/robot": "no" },
      decision: "denied",
      reason: "empty",
      code: 403,
      says: refusedStatus("guest", "robot", "impersonate users/robot", "spec.runAs"),
    }),
  ),
  {
    when: "an empty field that gives no rights does not refuse a status write",
    ...statusWrite,
    policy: targets({
      ...thing,
      fields: ["spec.runAs"],
      statusPaths: ["status.children"],
      onEmpty: "allow",
      emptyIsUnprivileged: true,
    }),
    resource,
    old: spec({}),
    object: { ...spec({}), ...children },
    decision: "permitted",
    reason: "empty-allowed",
  },
  {
    when: "what stands for an empty field in a status write is not written where the object itself is",
    object: template(),
    decision: "defaulted",
    reason: "empty",
    effective: "alice",
    patch: [add("/spec/clusterAuth", {}), add(pointer, "alice")],
  },
  {
    when: "an object with an identity is judged by it, whatever an empty field stands for",
    ...statusWrite,
    by: { username: controller },
    old: template("alice"),
    object: { ...template("alice"), ...children },
    asked: { "impersonate users/alice": "no" },
    decision: "denied",
    reason: "forbidden",
    declared: "alice",
    code: 403,
    says: `the controller acts on this status as "alice" (${at}), which ${controller} may not impersonate; get the permission to impersonate users/alice`,
  },
];

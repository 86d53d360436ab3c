import { account, add, replace, template, user } from "../given.ts";
import { at, pointer, type Row, targets } from "../row.ts";

const setTo = (name: string) => [replace(pointer, name)];
const replacedWarning = (declared: string, by: string): string =>
  `${at}: "${declared}" replaced by "${by}", who may not impersonate it`;

/** The requester declares another identity. */
export const another: readonly Row[] = [
  {
    when: "alice names bob, whom she may impersonate: it stays",
    object: template("bob"),
    asked: { "impersonate users/bob": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    declared: "bob",
    effective: "bob",
  },
  {
    when: "alice names carol, whom she may not impersonate: alice takes her place, with a warning",
    object: template("carol"),
    asked: { "impersonate users/carol": "no" },
    decision: "replaced",
    reason: "forbidden",
    declared: "carol",
    effective: "alice",
    warns: [replacedWarning("carol", "alice")],
    patch: setTo("alice"),
  },
  {
    when: "the policy refuses instead of replacing",
    policy: targets({ preset: "razee", onForbidden: "deny" }),
    object: template("carol"),
    asked: { "impersonate users/carol": "no" },
    decision: "denied",
    reason: "forbidden",
    declared: "carol",
    code: 403,
    says: `${at}: alice may not impersonate "carol"; get the permission to impersonate users/carol`,
  },
  {
    when: "on the validating endpoint what would be replaced is refused, with what to do",
    endpoint: "validate",
    object: template("carol"),
    asked: { "impersonate users/carol": "no" },
    decision: "denied",
    reason: "forbidden",
    declared: "carol",
    code: 403,
    says: `${at}: alice may not impersonate "carol"; set it to "alice", or get the permission to impersonate users/carol`,
  },
  {
    when: "a name that differs in case is another name",
    by: "alice",
    object: template("Alice"),
    asked: { "impersonate users/Alice": "no" },
    decision: "replaced",
    reason: "forbidden",
    declared: "Alice",
    effective: "alice",
    warns: [replacedWarning("Alice", "alice")],
    patch: setTo("alice"),
  },
  {
    when: "a name with a space inside is a name",
    object: template("bob b"),
    asked: { "impersonate users/bob b": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    declared: "bob b",
    effective: "bob b",
  },
  {
    when: "a requester with groups is told that a controller that acts by name has none of them",
    by: user("alice", "team-a"),
    object: template("carol"),
    asked: { "impersonate users/carol": "no" },
    decision: "replaced",
    reason: "forbidden",
    declared: "carol",
    effective: "alice",
    warns: [replacedWarning("carol", "alice"), `${at}: a controller that acts as "alice" has none of your groups`],
    patch: setTo("alice"),
  },
  {
    when: "the system's own requester, without groups, is a requester like any",
    by: { username: "system:anonymous" },
    object: template("carol"),
    asked: { "impersonate users/carol": "no" },
    decision: "replaced",
    reason: "forbidden",
    declared: "carol",
    effective: "system:anonymous",
    warns: [replacedWarning("carol", "system:anonymous")],
    patch: setTo("system:anonymous"),
  },
  {
    when: "a creation is judged, whatever old object comes along",
    old: template("carol"),
    object: template("carol"),
    asked: { "impersonate users/carol": "no" },
    decision: "replaced",
    reason: "forbidden",
    declared: "carol",
    effective: "alice",
    warns: [replacedWarning("carol", "alice")],
    patch: setTo("alice"),
  },
];

/** The requester declares a service account, or what looks like one. */
export const accounts: readonly Row[] = [
  {
    when: "a service account is asked about as one, in its namespace",
    object: template(account("deployer")),
    asked: { "impersonate serviceaccounts/deployer -n team-a": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    declared: account("deployer"),
    effective: account("deployer"),
  },
  {
    when: "its namespace is the name's, not the object's",
    namespace: "team-a",
    object: template(account("deployer", "team-b")),
    asked: { "impersonate serviceaccounts/deployer -n team-b": "no" },
    decision: "replaced",
    reason: "forbidden",
    declared: account("deployer", "team-b"),
    effective: "alice",
    warns: [replacedWarning(account("deployer", "team-b"), "alice")],
    patch: setTo("alice"),
  },
  {
    when: "a service account's name may have dots",
    object: template(account("a.b-c.d")),
    asked: { "impersonate serviceaccounts/a.b-c.d -n team-a": "yes" },
    decision: "permitted",
    reason: "may-impersonate",
    declared: account("a.b-c.d"),
    effective: account("a.b-c.d"),
  },
  ...[
    ["with one part too many", "system:serviceaccount:a:b:c"],
    ["with one part too few", "system:serviceaccount:a"],
    ["with an empty name", "system:serviceaccount:a:"],
    ["with an empty namespace", "system:serviceaccount::a"],
    ["with a namespace in upper case", "system:serviceaccount:A:b"],
    ["with a namespace with a dot", "system:serviceaccount:a.b:c"],
    ["with a namespace of 64 characters", `system:serviceaccount:${"a".repeat(64)}:b`],
    ["with a name of 254 characters", `system:serviceaccount:a:${"b".repeat(254)}`],
    ["with another prefix", "system:serviceaccounts:a:b"],
  ].map(
    ([how, name = ""]): Row => ({
      when: `what looks like a service account ${how} is an ordinary user`,
      object: template(name),
      asked: { [`impersonate users/${name}`]: "yes" },
      decision: "permitted",
      reason: "may-impersonate",
      declared: name,
      effective: name,
    }),
  ),
  {
    when: "a service account may be the requester and takes the place of what it may not name",
    by: { username: account("builder"), groups: ["system:serviceaccounts", "system:serviceaccounts:team-a"] },
    object: template("carol"),
    asked: { "impersonate users/carol": "no" },
    decision: "replaced",
    reason: "forbidden",
    declared: "carol",
    effective: account("builder"),
    warns: [replacedWarning("carol", account("builder"))],
    patch: setTo(account("builder")),
  },
];

/** The requester declares nothing. */
export const nothing: readonly Row[] = [
  ...(
    [
      ["the field is absent", { clusterAuth: {} }, [add(pointer, "alice")]],
      ["the field is null", { clusterAuth: { impersonateUser: null } }, [replace(pointer, "alice")]],
      ["the field is an empty string", { clusterAuth: { impersonateUser: "" } }, [replace(pointer, "alice")]],
      ["its parent is absent", {}, [add("/spec/clusterAuth", {}), add(pointer, "alice")]],
      ["its parent is null", { clusterAuth: null }, [add("/spec/clusterAuth", {}), add(pointer, "alice")]],
      ["there is no spec", undefined, [add("/spec", {}), add("/spec/clusterAuth", {}), add(pointer, "alice")]],
      ["the spec is null", null, [add("/spec", {}), add("/spec/clusterAuth", {}), add(pointer, "alice")]],
    ] as const
  ).map(
    ([what, spec, patch]): Row => ({
      when: `${what}: the requester takes it, and nothing is asked`,
      object: { spec },
      decision: "defaulted",
      reason: "empty",
      effective: "alice",
      patch,
    }),
  ),
  {
    when: "the policy refuses an empty field",
    policy: targets({ preset: "razee", onEmpty: "deny" }),
    object: template(),
    decision: "denied",
    reason: "empty",
    code: 403,
    says: `${at} is empty; set it to an identity that alice may impersonate`,
  },
  {
    when: "on the validating endpoint an empty field is refused",
    endpoint: "validate",
    object: template(),
    decision: "denied",
    reason: "empty",
    code: 403,
    says: `${at} is empty; set it to "alice" or to an identity that alice may impersonate`,
  },
  ...(
    [
      ["has one more group", user("alice", "team-a"), true],
      ["is in system:masters", { username: "admin", groups: ["system:masters", "system:authenticated"] }, true],
      ["is not authenticated", { username: "system:anonymous", groups: ["system:unauthenticated"] }, false],
      ["has no groups", { username: "alice" }, false],
      [
        "is a service account with the groups of one",
        {
          username: account("builder"),
          groups: ["system:serviceaccounts", "system:serviceaccounts:team-a", "system:authenticated"],
        },
        false,
      ],
      [
        "is a service account with the group of another namespace",
        { username: account("builder"), groups: ["system:serviceaccounts:team-b"] },
        true,
      ],
      [
        "is a user with a service account's group",
        { username: "alice", groups: ["system:serviceaccounts:undefined"] },
        true,
      ],
    ] as const
  ).map(
    ([who, by, warned]): Row => ({
      when: `a requester who ${who} is ${warned ? "" : "not "}told of lost groups`,
      by,
      object: template(),
      decision: "defaulted",
      reason: "empty",
      effective: by.username,
      warns: warned ? [`${at}: a controller that acts as "${by.username}" has none of your groups`] : [],
      patch: [add("/spec/clusterAuth", {}), add(pointer, by.username)],
    }),
  ),
];

/** The requester declares itself. */
export const self: readonly Row[] = [
  {
    when: "alice names herself: it stays, and nothing is asked",
    object: template("alice"),
    decision: "self",
    reason: "requester",
    declared: "alice",
    effective: "alice",
  },
  {
    when: "on the validating endpoint too",
    endpoint: "validate",
    object: template("alice"),
    decision: "self",
    reason: "requester",
    declared: "alice",
    effective: "alice",
  },
  {
    when: "a service account names itself",
    by: { username: account("builder") },
    object: template(account("builder")),
    decision: "self",
    reason: "requester",
    declared: account("builder"),
    effective: account("builder"),
  },
  {
    when: "her groups do not matter where nothing is written",
    by: user("alice", "team-a"),
    object: template("alice"),
    decision: "self",
    reason: "requester",
    declared: "alice",
    effective: "alice",
  },
];

import type { Random } from "./random.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** An RBAC object, as it is sent to the API server and read by the library. */
export interface Manifest {
  readonly apiVersion: "rbac.authorization.k8s.io/v1";
  readonly kind: "Role" | "ClusterRole" | "RoleBinding" | "ClusterRoleBinding";
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
  readonly rules?: readonly object[];
  readonly aggregationRule?: object;
  readonly roleRef?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
  readonly subjects?: readonly Subject[];
}

export interface Subject {
  readonly kind: "User" | "Group" | "ServiceAccount";
  readonly apiGroup?: string;
  readonly name: string;
  readonly namespace?: string;
}

const apiGroup = "rbac.authorization.k8s.io";
const apiVersion = `${apiGroup}/v1`;

export const verbs = [
  ...["impersonate", "*", "get", "create", "Impersonate", "impersonate*"],
  ...["impersonate:user-info", "impersonate:serviceaccount", "impersonate:arbitrary-node"],
  ...[
    "impersonate-on:user-info:create",
    "impersonate-on:serviceaccount:create",
    "impersonate-on:arbitrary-node:create",
  ],
] as const;
export const apiGroups = ["", "*", "authentication.k8s.io", "deploy.razee.io"] as const;
export const resources = [
  ...["users", "serviceaccounts", "groups", "uids", "nodes", "selfsubjectreviews", "*", "Users", "pods"],
  ...["userextras", "userextras/scopes", "userextras/*", "*/scopes", "*/*", "users/*", "serviceaccounts/token"],
] as const;

const everyone = (words: Vocabulary): readonly string[] => [
  ...words.users,
  ...words.accountUsers,
  ...words.nearlyAccounts,
  ...words.sharedUsers,
  ...words.unsafeUsers,
];

/** Whom rules name: users by username, service accounts also by their name alone. */
export const resourceNames = (words: Vocabulary): readonly string[] => [
  ...words.users,
  ...words.accounts,
  ...words.accountUsers,
  ...words.nearlyAccounts,
  ...words.sharedUsers,
  ...words.unsafeUsers,
  ...["razeedeploy", "false", "razeedeploy-sa", "system:serviceaccount:razeedeploy:razeedeploy-sa", ""],
];

/** The permission to impersonate, by names or for any name. */
const impersonation = (random: Random, words: Vocabulary): object => {
  const accounts = random.chance(0.4);
  const names = accounts ? words.accounts : resourceNames(words);
  return {
    verbs: random.chance(0.1) ? ["*"] : ["impersonate", ...random.some(["get", "create"], 0, 1)],
    apiGroups: random.chance(0.1) ? ["*"] : ["", ...random.some(["authentication.k8s.io"], 0, 1)],
    resources: random.chance(0.1) ? ["*"] : accounts ? ["serviceaccounts"] : random.some(["users", "groups"], 1, 2),
    ...(random.chance(0.3) ? {} : { resourceNames: random.some(names, 1, 12) }),
  };
};

/** Both halves of what constrained impersonation needs, in one rule. */
const constrained = (random: Random, words: Vocabulary): object => {
  const [mode, resource] = random.pick([
    ["user-info", "users"],
    ["serviceaccount", "serviceaccounts"],
    ["arbitrary-node", "nodes"],
  ] as const);
  return {
    verbs: [`impersonate:${mode}`, `impersonate-on:${mode}:create`],
    apiGroups: ["authentication.k8s.io"],
    resources: [resource, "selfsubjectreviews"],
    ...(random.chance(0.5) ? {} : { resourceNames: ["", ...random.some(resourceNames(words), 1, 12)] }),
  };
};

/** Anything that the API server stores. */
const anything = (random: Random, words: Vocabulary): object => ({
  verbs: random.some(verbs, 1, 3),
  apiGroups: random.some(apiGroups, 1, 2),
  resources: random.some(resources, 1, 3),
  ...(random.chance(0.4) ? { resourceNames: random.some(resourceNames(words), 0, 6) } : {}),
});

/** Never the path `/version`, where the probe of the classic verb goes. */
const paths = (): object => ({ verbs: ["get", "impersonate"], nonResourceURLs: ["/prove", "/prove/*"] });

const rule = (random: Random, words: Vocabulary, namespaced: boolean): object => {
  const kind = random.below(100);
  if (kind < 60) return impersonation(random, words);
  if (kind < 74) return constrained(random, words);
  if (kind < 77 && !namespaced) return paths();
  return anything(random, words);
};

const rules = (random: Random, words: Vocabulary, namespaced: boolean): readonly object[] =>
  Array.from({ length: random.below(4) }, () => rule(random, words, namespaced));

const account = (random: Random, words: Vocabulary, namespaced: boolean): Subject => {
  const name = random.pick(words.accounts);
  if (namespaced && random.chance(0.3)) return { kind: "ServiceAccount", name };
  // The API server does not check here that a namespace is a valid one.
  const namespace = random.chance(0.1) ? random.pick([`A_${words.prefix}`, "a:b"]) : random.pick(words.namespaces);
  return { kind: "ServiceAccount", name, namespace };
};

const subject = (random: Random, words: Vocabulary, namespaced: boolean): Subject => {
  const kind = random.below(100);
  if (kind < 25) return account(random, words, namespaced);
  const group = random.chance(0.1) ? {} : { apiGroup };
  // Broad groups are rare, because with them every user would be allowed everything.
  if (kind < 50)
    return { kind: "Group", ...group, name: random.pick(random.chance(0.08) ? words.systemGroups : words.groups) };
  const name = random.pick(random.chance(0.7) ? words.users : everyone(words));
  return { kind: "User", ...group, name, ...(random.chance(0.05) ? { namespace: random.pick(words.namespaces) } : {}) };
};

const subjects = (random: Random, words: Vocabulary, namespaced: boolean): readonly Subject[] =>
  Array.from({ length: random.below(4) }, () => subject(random, words, namespaced));

/** Names that need nothing but to fit into one segment of a path. */
const roleNames = ({ prefix }: Vocabulary): readonly string[] => [
  ...[`${prefix}-one`, `${prefix}:two`, `${prefix} three`, `${prefix}-f\u00fcnf`, `..${prefix}`, `${prefix}"six"`],
  ...[`${prefix}\\seven`, `${prefix}?eight#`, `${prefix}-nine`, `${prefix}-ten`, `${prefix}\u202e`],
];
const bindingNames = (words: Vocabulary): readonly string[] => [
  ...roleNames(words),
  ...["eleven", "twelve", "thirteen"].map((name) => `${words.prefix}-${name}`),
];
/** Bound, and never there. */
const missing = ({ prefix }: Vocabulary): string => `${prefix}-nobody-made-this`;
/** What every cluster has. */
const builtIn = ["system:aggregate-to-edit", "system:basic-user", "cluster-admin", "edit", "view"] as const;

/** Mostly an existing role. A Role and a ClusterRole may have the same name. */
const reference = (
  random: Random,
  words: Vocabulary,
  clusterRoles: readonly string[],
  roles?: readonly string[],
): NonNullable<Manifest["roleRef"]> => {
  const group = random.chance(0.1) ? {} : { apiGroup };
  const kind = roles && random.chance(0.5) ? "Role" : "ClusterRole";
  if (random.chance(0.06)) return { ...group, kind, name: missing(words) };
  if (random.chance(0.04)) return { ...group, kind: "ClusterRole", name: random.pick(builtIn) };
  const there = kind === "Role" ? roles : clusterRoles;
  return { ...group, kind, name: random.pick(random.chance(0.05) || !there ? roleNames(words) : there) };
};

const aggregated = { clusterRoleSelectors: [{ matchLabels: { prove: "current" } }] };

/** A few dozen RBAC objects, all of which an API server stores. */
export const worldOf = (random: Random, words: Vocabulary): readonly Manifest[] => {
  const clusterRoles = random.some(roleNames(words), 5, 10).map((name): Manifest => {
    const granted = rules(random, words, false);
    // Beside rules it changes nothing until a controller rewrites them.
    const aggregates = granted.length > 0 && random.chance(0.1);
    return {
      apiVersion,
      kind: "ClusterRole",
      metadata: { name },
      rules: granted,
      ...(aggregates ? { aggregationRule: aggregated } : {}),
    };
  });
  const shared = clusterRoles.map(({ metadata: { name } }) => name);
  const local = words.namespaces.flatMap((namespace) => {
    const names = random.some(roleNames(words), 1, 4);
    const roles = names.map(
      (name): Manifest => ({
        apiVersion,
        kind: "Role",
        metadata: { name, namespace },
        rules: rules(random, words, true),
      }),
    );
    const bindings = random.some(bindingNames(words), 2, 7).map(
      (name): Manifest => ({
        apiVersion,
        kind: "RoleBinding",
        metadata: { name, namespace },
        roleRef: reference(random, words, shared, names),
        subjects: subjects(random, words, true),
      }),
    );
    return [...roles, ...bindings];
  });
  const clusterRoleBindings = random.some(bindingNames(words), 5, 10).map(
    (name): Manifest => ({
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: reference(random, words, shared),
      subjects: subjects(random, words, false),
    }),
  );
  return [...clusterRoles, ...local, ...clusterRoleBindings];
};

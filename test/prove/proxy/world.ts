import type { HeaderLine } from "../../../lib/proxy/index.ts";
import { bytesOfText } from "../../../lib/proxy/index.ts";
import type { TokenUser } from "../../cluster/control-plane.ts";
import type { Random } from "../worlds/random.ts";
import type { Manifest, Subject } from "../worlds/world.ts";

/** The names of a world: no other world on the same API server has them, because answers are remembered for some seconds. */
export interface ProxyWords {
  readonly prefix: string;
  readonly namespaces: readonly string[];
  /** Each is a caller with a token. */
  readonly users: readonly TokenUser[];
  /** In the first namespace; each is a caller with a token too. */
  readonly accounts: readonly string[];
  readonly groups: readonly string[];
}

export const proxyWordsOf = (prefix: string): ProxyWords => {
  const groups = [`${prefix}-team`, `${prefix}:ops`, `${prefix}-\u00e9quipe`, `<${prefix}>&`, `${prefix} space`];
  return {
    prefix,
    namespaces: [`${prefix}-a`, `${prefix}-b`],
    users: [
      { name: `${prefix}-alice`, uid: "", groups: groups.slice(0, 1) },
      { name: `${prefix}-bob`, uid: `${prefix}-7`, groups: groups.slice(0, 2) },
      { name: `${prefix}-carol`, uid: "" },
      { name: `${prefix}-zo\u00eb`, uid: "", groups: groups.slice(2, 4) },
      { name: `CN=${prefix},O=acme "x"`, uid: "", groups: groups.slice(4) },
      { name: `<${prefix}>&'\\`, uid: "" },
      { name: `${prefix} \u5c71`, uid: "" },
      { name: `system:${prefix}`, uid: "", groups: ["system:nodes", ...groups.slice(0, 1)] },
      { name: `${prefix}-root`, uid: "", groups: ["system:masters"] },
    ],
    accounts: ["builder", "deployer"],
    groups,
  };
};

const apiGroup = "rbac.authorization.k8s.io";
const apiVersion = `${apiGroup}/v1` as const;

const accountUser = ({ namespaces: [first = ""] }: ProxyWords, account: string): string =>
  `system:serviceaccount:${first}:${account}`;

/** Names that a caller may ask to be: those of this world, and such as the API server treats in ways of its own. */
export const askedNames = (words: ProxyWords): readonly string[] => [
  ...words.users.map(({ name }) => name),
  ...words.accounts.map((account) => accountUser(words, account)),
  ...[`system:serviceaccount:${words.prefix}-a:x:y`, "system:anonymous", `${words.prefix}-nobody`, "system:admin"],
  `system:node:${words.prefix}`,
];

const askedGroups = (words: ProxyWords): readonly string[] => [
  ...words.groups,
  ...[
    "a,b",
    "system:authenticated",
    "system:unauthenticated",
    "system:masters",
    `system:serviceaccounts:${words.prefix}-a`,
  ],
];

const extraKeys = ["scope", "Scope", "example.com%2fkey", "a_b", "a%zz", "%53cope", "caf%c3%a9"];
const extraValues = ["x", "y,z", "\u00e9"];

/** A value as the bytes that go over the wire. */
const bytes = (text: string): string => bytesOfText(text) ?? "";

/** The headers of `kubectl --as` and its kin, some of them not as kubectl would send them. */
export const impersonationLinesOf = (random: Random, words: ProxyWords): readonly HeaderLine[] => {
  const user = (): HeaderLine => ["Impersonate-User", bytes(random.pick(askedNames(words)))];
  const group = (): HeaderLine => ["impersonate-group", bytes(random.pick(askedGroups(words)))];
  const extra = (): HeaderLine => [`Impersonate-Extra-${random.pick(extraKeys)}`, bytes(random.pick(extraValues))];
  const uid = (): HeaderLine => ["Impersonate-Uid", random.pick(["42", `${words.prefix}-7`])];
  const odd = (): HeaderLine =>
    random.pick<HeaderLine>([
      ["Impersonate-User", ""],
      ["Impersonate-Group", ""],
      ["Impersonate-Uid", ""],
      ["Impersonate-Thing", "x"],
      ["Impersonate-User", bytes(`${words.prefix}-zo\u00eb`)],
    ]);
  const more = Array.from({ length: random.pick([0, 0, 0, 1, 1, 2, 3]) }, () =>
    random.chance(0.05) ? odd() : random.pick([group, group, group, extra, extra, uid])(),
  );
  return random.chance(0.93) ? [user(), ...more, ...(random.chance(0.05) ? [user()] : [])] : more;
};

const resources = {
  "": ["configmaps", "secrets", "pods", "serviceaccounts", "serviceaccounts/token", "namespaces", "pods/log"],
  apps: ["deployments", "deployments/scale", "deployments/status"],
} as const;
const verbs = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const paths = ["/metrics", "/logs", "/logs/*", "/openapi/*", "/x/*", "/x/../y", "/caf\u00e9"];

const names = <T>(random: Random, values: readonly T[]): object =>
  random.chance(0.5) ? { resourceNames: random.some(values, 1, 4) } : {};

const impersonationRule = (random: Random, words: ProxyWords): object => {
  const verb = { verbs: ["impersonate"] };
  const authentication = { apiGroups: ["authentication.k8s.io"] };
  return random.pick([
    () => ({ ...verb, apiGroups: [""], resources: ["users"], ...names(random, askedNames(words)) }),
    () => ({ ...verb, apiGroups: [""], resources: ["groups"], ...names(random, askedGroups(words)) }),
    () => ({ ...verb, apiGroups: [""], resources: ["serviceaccounts"], ...names(random, words.accounts) }),
    () => ({ ...verb, apiGroups: [""], resources: ["users", "groups", "serviceaccounts"] }),
    () => ({ ...verb, ...authentication, resources: ["userextras/scope"], ...names(random, extraValues) }),
    () => ({ ...verb, ...authentication, resources: ["userextras/example.com/key", "userextras/a_b"] }),
    () => ({ ...verb, ...authentication, resources: ["uids"], ...names(random, ["42"]) }),
    () => ({ ...verb, ...authentication, resources: ["*"] }),
  ])();
};

const resourceRule = (random: Random): object => {
  const group = random.pick(["", "", "apps"] as const);
  return {
    apiGroups: [group],
    resources: random.some<string>(resources[group], 1, 4),
    verbs: random.some(verbs, 1, 6),
    ...(random.chance(0.25) ? { resourceNames: ["first", "second"] } : {}),
  };
};

const pathRule = (random: Random): object => ({
  nonResourceURLs: random.some(paths, 1, 3),
  verbs: random.some(["get", "post", "head", "put"], 1, 3),
});

/** One user and one account may be anybody, and some may edit, so that much of what is asked for is allowed. */
const standing = ({ prefix, users, accounts, namespaces }: ProxyWords): readonly Manifest[] => [
  {
    apiVersion,
    kind: "ClusterRole",
    metadata: { name: `${prefix}-editor` },
    rules: [
      { apiGroups: [""], resources: ["configmaps", "secrets", "pods", "pods/log"], verbs: ["*"] },
      { apiGroups: ["apps"], resources: ["*"], verbs },
      { nonResourceURLs: ["/openapi/*", "/logs/*", "/metrics/*"], verbs: ["get", "head"] },
    ],
  },
  {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name: `${prefix}-editor` },
    roleRef: { apiGroup, kind: "ClusterRole", name: `${prefix}-editor` },
    subjects: [
      ...[0, 1, 3].map((at) => ({ kind: "User" as const, apiGroup, name: users[at]?.name ?? "" })),
      { kind: "ServiceAccount", name: accounts[1] ?? "", namespace: namespaces[0] ?? "" },
    ],
  },
  {
    apiVersion,
    kind: "ClusterRole",
    metadata: { name: `${prefix}-anybody` },
    rules: [
      { apiGroups: [""], resources: ["users", "groups", "serviceaccounts"], verbs: ["impersonate"] },
      { apiGroups: ["authentication.k8s.io"], resources: ["*"], verbs: ["impersonate"] },
    ],
  },
  {
    apiVersion,
    kind: "ClusterRoleBinding",
    metadata: { name: `${prefix}-anybody` },
    roleRef: { apiGroup, kind: "ClusterRole", name: `${prefix}-anybody` },
    subjects: [
      { kind: "User", apiGroup, name: users[2]?.name ?? "" },
      { kind: "ServiceAccount", name: accounts[0] ?? "", namespace: namespaces[0] ?? "" },
    ],
  },
];

/** Roles and bindings of a world. One binding in twenty names a role that is not there. */
export const proxyWorldOf = (random: Random, words: ProxyWords): readonly Manifest[] => {
  const [first = ""] = words.namespaces;
  const subjects = (): readonly Subject[] =>
    random.some<Subject>(
      [
        ...words.users.map(({ name }): Subject => ({ kind: "User", apiGroup, name })),
        ...[...words.groups, `system:serviceaccounts:${first}`].map(
          (name): Subject => ({ kind: "Group", apiGroup, name }),
        ),
        ...words.accounts.map((name): Subject => ({ kind: "ServiceAccount", name, namespace: first })),
      ],
      1,
      4,
    );
  const role = (kind: "Role" | "ClusterRole", index: number): Manifest => ({
    apiVersion,
    kind,
    metadata: {
      name: `${words.prefix}-${index}`,
      ...(kind === "Role" ? { namespace: random.pick(words.namespaces) } : {}),
    },
    rules: Array.from({ length: 1 + random.below(4) }, () => {
      if (kind === "Role") return random.chance(0.8) ? resourceRule(random) : impersonationRule(random, words);
      const chance = random.below(10);
      if (chance < 5) return impersonationRule(random, words);
      return chance < 8 ? resourceRule(random) : pathRule(random);
    }),
  });
  const roles = Array.from({ length: 12 }, (_, index) => role(index < 4 ? "Role" : "ClusterRole", index));
  const bindings = roles.flatMap(({ kind, metadata: { name, namespace } }, index): readonly Manifest[] => {
    const isLocal = kind === "Role" || random.chance(0.2);
    const roleName = random.chance(0.05) ? `${name}-missing` : name;
    return [
      {
        apiVersion,
        kind: isLocal ? "RoleBinding" : "ClusterRoleBinding",
        metadata: {
          name: `${words.prefix}-${index}`,
          ...(isLocal ? { namespace: namespace ?? random.pick(words.namespaces) } : {}),
        },
        roleRef: { apiGroup, kind, name: roleName },
        subjects: subjects(),
      },
    ];
  });
  return [...roles, ...bindings, ...standing(words)];
};

/** What there is to read in a world, with the paths of its collections. */
export const proxyObjectsOf = ({
  namespaces,
  accounts,
}: ProxyWords): readonly (readonly [path: string, object: object])[] =>
  namespaces.flatMap((namespace, index): readonly (readonly [string, object])[] => [
    ...["first", "second"].map(
      (name) =>
        [
          `/api/v1/namespaces/${namespace}/configmaps`,
          {
            apiVersion: "v1",
            kind: "ConfigMap",
            metadata: { name, namespace, labels: { app: name } },
            data: { a: "1" },
          },
        ] as const,
    ),
    [
      `/api/v1/namespaces/${namespace}/secrets`,
      { apiVersion: "v1", kind: "Secret", metadata: { name: "first", namespace }, stringData: { a: "1" } },
    ],
    [
      `/apis/apps/v1/namespaces/${namespace}/deployments`,
      {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "first", namespace, labels: { app: "first" } },
        spec: {
          selector: { matchLabels: { app: "first" } },
          template: {
            metadata: { labels: { app: "first" } },
            spec: { containers: [{ name: "c", image: "example.com/c" }] },
          },
        },
      },
    ],
    ...(index === 0 ? accounts : []).map(
      (name) =>
        [
          `/api/v1/namespaces/${namespace}/serviceaccounts`,
          { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
        ] as const,
    ),
  ]);

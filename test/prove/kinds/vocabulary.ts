import type { Policy } from "../../../lib/policy/index.ts";
import type { Person } from "../worlds/cases.ts";
import { narrowingKey } from "../worlds/cases.ts";
import type { Random } from "../worlds/random.ts";
import type { Manifest } from "../worlds/world.ts";

/** The namespace of the stored objects. */
export const storedIn = "kinds-stored";

/** The names that a world is made of. */
export interface KindsVocabulary {
  readonly namespaces: readonly string[];
  readonly accounts: readonly string[];
  readonly users: readonly string[];
  readonly groups: readonly string[];
  /** Usernames and values that the policy names. */
  readonly literals: readonly string[];
}

export const kindsVocabulary = (prefix: string, policy: Policy): KindsVocabulary => {
  const fields = policy.targets.flatMap((target) => target.fields);
  const rules = fields.flatMap((field) => [field, ...field.whenSet]);
  return {
    namespaces: [`${prefix}-a`, storedIn],
    accounts: ["builder", "deployer", "default"],
    users: [`${prefix}-alice`, `${prefix}-bob`, `${prefix} carl`, "system:serviceaccount:a:B"],
    groups: [`${prefix}-team`, `${prefix}:ops`],
    literals: [
      ...new Set(
        [
          ...rules.flatMap(({ privileged, unprivileged, emptyStandsFor = [] }) => [
            ...Object.entries(privileged).flat(),
            ...unprivileged,
            emptyStandsFor,
          ]),
          ...fields.map(({ standsFor = [] }) => standsFor),
          ...policy.targets.flatMap(({ writers, statusWriters }) => [
            ...writers.map(({ username }) => username),
            ...statusWriters,
          ]),
        ].flat(),
      ),
    ],
  };
};

/** Users, service accounts, and the users that the policy names. */
export const personOf = (random: Random, words: KindsVocabulary): Person => {
  const [namespace, account] = [random.pick(words.namespaces), random.pick(words.accounts)];
  const name = random.pick([
    ...words.users,
    ...words.users,
    `system:serviceaccount:${namespace}:${account}`,
    `system:serviceaccount:${namespace}:${account}`,
    random.pick([...words.literals, `${random.pick(words.users)}\u00eb`]),
  ]);
  return {
    name,
    groups: random.some(words.groups, 0, 1),
    extra: random.chance(0.06) ? { [narrowingKey]: ["user:info"] } : {},
  };
};

const apiGroup = "rbac.authorization.k8s.io";
const apiVersion = `${apiGroup}/v1`;

const ruleOf = (random: Random, words: KindsVocabulary, policy: Policy): object => {
  const names = (all: readonly string[]): object =>
    random.chance(0.4) ? {} : { resourceNames: random.some(all, 1, 3) };
  const permissions = policy.targets
    .flatMap(({ fields }) => fields.flatMap((field) => [field, ...field.whenSet]))
    .flatMap(({ permission }) => permission ?? []);
  const impersonate = { verbs: ["impersonate"], apiGroups: [""] };
  const literalAccounts = words.literals.flatMap(
    (name) => /^system:serviceaccount:[^:]+:([^:]+)$/.exec(name)?.[1] ?? [],
  );
  const accounts = [...words.accounts, "guest", ...literalAccounts];
  const usernames = words.namespaces.flatMap((namespace) =>
    accounts.map((account) => `system:serviceaccount:${namespace}:${account}`),
  );
  if (permissions.length > 0 && random.chance(0.25)) {
    const { verb, group, resource } = random.pick(permissions);
    return { verbs: [verb], apiGroups: [group], resources: [resource], ...names(usernames) };
  }
  return random.pick([
    { ...impersonate, resources: ["serviceaccounts"], ...names(accounts) },
    { ...impersonate, resources: ["serviceaccounts"], ...names(accounts) },
    { ...impersonate, resources: ["users"], ...names([...words.users, ...words.literals]) },
    { ...impersonate, resources: ["groups"], ...names(words.groups) },
  ]);
};

/** A few roles, each bound to a user, an account or a group. */
export const kindsWorld = (
  random: Random,
  words: KindsVocabulary,
  policy: Policy,
  prefix: string,
): readonly Manifest[] =>
  Array.from({ length: 14 }, (_, index) => index).flatMap((index): readonly Manifest[] => {
    const namespace = random.chance(0.5) ? random.pick(words.namespaces) : undefined;
    const metadata = { name: `${prefix}-${index}`, ...(namespace === undefined ? {} : { namespace }) };
    const person = personOf(random, words);
    const subject = random.chance(0.2)
      ? ({ kind: "Group", apiGroup, name: random.pick(words.groups) } as const)
      : ({ kind: "User", apiGroup, name: person.name } as const);
    const kind = namespace === undefined ? "ClusterRole" : "Role";
    const rules = Array.from({ length: 1 + random.below(3) }, () => ruleOf(random, words, policy));
    return [
      { apiVersion, kind, metadata, rules },
      {
        apiVersion,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup, kind, name: metadata.name },
        subjects: [subject],
      },
    ];
  });

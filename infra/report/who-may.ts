import { serviceAccountOf } from "../../lib/identity/index.ts";
import type { ResourceAttributes } from "../../lib/question/index.ts";
import type { World } from "../../lib/rbac/index.ts";
import { ruleAllows } from "../../lib/rbac/rule-allows.ts";

/** A subject of RBAC: `User alice`, `Group team-a`, `ServiceAccount team-a/deployer`. */
export type SubjectName = string;

/** Who may do something, as RBAC alone tells. Members of groups are not stored in a cluster, so a group stays a group. */
export type WhoMay = (asked: ResourceAttributes) => ReadonlySet<SubjectName>;

interface Grant {
  /** "" where it counts in every namespace. */
  readonly namespace: string;
  /** None where it counts for every name. */
  readonly names: readonly string[];
  readonly subjects: readonly SubjectName[];
}

/**
 * RBAC the other way round: from a permission to the subjects that have it (`lib/rbac` goes from a subject to yes or no). The grants of
 * a verb on a resource are looked up once.
 */
export function whoMayIn(world: World): WhoMay {
  const known = new Map<string, readonly Grant[]>();
  return (asked) => {
    const key = JSON.stringify([asked.verb, asked.group, asked.resource, asked.subresource]);
    const grants = known.get(key) ?? grantsOf(world, asked);
    known.set(key, grants);
    const counting = grants.filter(
      ({ namespace, names }) =>
        (namespace === "" || namespace === asked.namespace) && (names.length === 0 || names.includes(asked.name)),
    );
    return new Set(counting.flatMap(({ subjects }) => subjects));
  };
}

const grantsOf = (world: World, asked: ResourceAttributes): readonly Grant[] =>
  [...world.clusterRoleBindings, ...world.roleBindings].flatMap(({ namespace, roleRef: { kind, name }, subjects }) => {
    const rules = kind === "Role" ? world.roles.get(`${namespace}/${name}`) : world.clusterRoles.get(name);
    return (rules ?? [])
      .filter((rule) => ruleAllows({ ...rule, resourceNames: [] }, asked))
      .map(({ resourceNames }) => ({
        namespace,
        names: resourceNames,
        subjects: subjects.map((subject) =>
          subject.kind === "ServiceAccount"
            ? `ServiceAccount ${subject.namespace}/${subject.name}`
            : `${subject.kind} ${subject.name}`,
        ),
      }));
  });

/** Groups that a subject is in for certain. */
const impliedGroups = (subject: SubjectName): readonly SubjectName[] => {
  const namespace = /^ServiceAccount ([^/]+)\//.exec(subject)?.[1];
  if (subject === "Group system:unauthenticated" || subject === "User system:anonymous")
    return ["Group system:unauthenticated"];
  return [
    "Group system:authenticated",
    ...(namespace ? ["Group system:serviceaccounts", `Group system:serviceaccounts:${namespace}`] : []),
  ];
};

/** Whether a subject is in a set, by itself or by a group that it is in for certain. */
const isWithin = (set: ReadonlySet<SubjectName>, subject: SubjectName): boolean =>
  set.has(subject) || impliedGroups(subject).some((group) => set.has(group));

/** Those who are in both sets. */
export function inBoth(one: ReadonlySet<SubjectName>, other: ReadonlySet<SubjectName>): ReadonlySet<SubjectName> {
  return new Set([
    ...[...one].filter((subject) => isWithin(other, subject)),
    ...[...other].filter((subject) => isWithin(one, subject)),
  ]);
}

/** Those of a set who are not in the other. */
export function without(one: ReadonlySet<SubjectName>, other: ReadonlySet<SubjectName>): ReadonlySet<SubjectName> {
  return new Set([...one].filter((subject) => !isWithin(other, subject)));
}

/** The subjects that a username may be bound as. */
export function subjectsOf(username: string): readonly SubjectName[] {
  const account = serviceAccountOf(username);
  return [`User ${username}`, ...(account ? [`ServiceAccount ${account.namespace}/${account.name}`] : [])];
}

/** Without those who are in the set by a group too. */
export function withoutImplied(subjects: ReadonlySet<SubjectName>): readonly SubjectName[] {
  return [...subjects].filter(
    (subject) => !impliedGroups(subject).some((group) => group !== subject && subjects.has(group)),
  );
}

export function inAny(...sets: readonly ReadonlySet<SubjectName>[]): ReadonlySet<SubjectName> {
  return new Set(sets.flatMap((set) => [...set]));
}

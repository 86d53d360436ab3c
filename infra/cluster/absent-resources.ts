import type { Policy } from "../../lib/policy/index.ts";
import { resourceName } from "./resource-name.ts";

interface PolicyResource {
  readonly group: string;
  readonly resource: string;
}

/** The resources that a policy covers, each once, in the order of their groups. */
export function resourcesOf({ targets }: Policy): readonly PolicyResource[] {
  return [...new Set(targets.map(({ group }) => group))].flatMap((group) =>
    [...new Set(targets.filter((target) => target.group === group).flatMap(({ resources }) => resources))].map(
      (resource) => ({ group, resource }),
    ),
  );
}

/**
 * Names the resources of a policy that a cluster does not serve, in few words: of a group of which it serves none only the group, because a
 * policy may cover many more ecosystems than a cluster has.
 */
export function describeAbsent(policy: Policy, absent: readonly PolicyResource[]): string {
  const all = resourcesOf(policy);
  const groups = [...Map.groupBy(absent, ({ group }) => group)].map(([group, missing]) => ({
    group,
    names: missing.map(({ resource }) => resource),
    isWhole: missing.length === all.filter((each) => each.group === group).length,
  }));
  const called = (group: string): string => (group === "" ? "the core group" : group);
  const brief = groups.flatMap(({ group, names, isWhole }) => {
    const [name = "", second] = names;
    if (second === undefined) return [resourceName({ group, resource: name })];
    return isWhole ? [called(group)] : [];
  });
  const inPart = groups.flatMap(({ group, names, isWhole }) =>
    names.length === 1 || isWhole ? [] : [`${names.slice(0, -1).join(", ")} and ${names.at(-1)} of ${called(group)}`],
  );
  return [brief.join(", "), ...inPart].filter((text) => text !== "").join("; ");
}

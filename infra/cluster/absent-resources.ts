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
 * Names the resources of a policy that a cluster does not serve, in few words: a group of which none is served is named once, because a
 * policy may cover many more ecosystems than a cluster has.
 */
export function describeAbsent(policy: Policy, absent: readonly PolicyResource[]): string {
  const all = resourcesOf(policy);
  return [...Map.groupBy(absent, ({ group }) => group)]
    .map(([group, missing]) => {
      const names = missing.map(({ resource }) => resource);
      const [name = ""] = names;
      if (names.length === 1) return resourceName({ group, resource: name });
      const isWhole = names.length === all.filter((each) => each.group === group).length;
      const called = group === "" ? "the core group" : group;
      return isWhole
        ? `the ${names.length} resources of ${called}`
        : `${names.slice(0, -1).join(", ")} and ${names.at(-1)} of ${called}`;
    })
    .join("; ");
}

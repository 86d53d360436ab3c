import type { GroupVersionResource } from "../../lib/decision/index.ts";
import { type Policy, targetOf } from "../../lib/policy/policy.ts";
import type { ApiClient } from "../api-client.ts";
import { discover, rootOf } from "../discovery.ts";

/** A resource of the policy that the cluster serves, and where its objects are listed. */
export interface Listing {
  readonly resource: GroupVersionResource;
  readonly path: string;
}

export interface Listings {
  readonly listings: readonly Listing[];
  /** Sentences about what is not listed. */
  readonly notes: readonly string[];
}

/**
 * Where the objects of a policy are. Every object is served in every version, so each resource is listed once: in the group's preferred
 * version, or the first that the policy covers.
 *
 * @param namespace the only one to look in; all where absent
 */
export const listingsOf = async (api: ApiClient, policy: Policy, namespace?: string): Promise<Listings> => {
  const listings: Listing[] = [];
  const notes: string[] = [];
  for (const group of new Set(policy.targets.map((target) => target.group))) {
    const served = await discover(api, group);
    const targets = policy.targets.filter((target) => target.group === group);
    for (const resource of new Set(targets.flatMap(({ resources }) => resources))) {
      const name = group === "" ? resource : `${resource}.${group}`;
      const versions = served.get(resource) ?? [];
      const covered = versions.find(({ version }) => targetOf(policy, { group, version, resource }));
      if (versions.length === 0) notes.push(`${name} is not installed`);
      else if (!covered)
        notes.push(
          `${name} is served in ${versions.map(({ version }) => version).join(", ")}, which policy ${policy.name} does not cover: nothing guards it; add the version to the policy`,
        );
      else if (namespace !== undefined && !covered.namespaced) notes.push(`${name} has no namespaces and is left out`);
      else {
        const root = `${rootOf(group, covered.version)}${namespace === undefined ? "" : `/namespaces/${namespace}`}`;
        listings.push({ resource: { group, version: covered.version, resource }, path: `${root}/${resource}` });
      }
    }
  }
  return { listings, notes };
};

import type { GroupVersionResource } from "../../lib/decision/index.ts";
import { type Policy, targetOf } from "../../lib/policy/policy.ts";
import { describeAbsent, resourcesOf } from "../cluster/absent-resources.ts";
import { type ApiClient, ClusterError } from "../cluster/api-client.ts";
import { discover, rootOf, type ServedResources } from "../cluster/discovery.ts";
import { nearNamesIn } from "../cluster/near-names.ts";
import { resourceName } from "../cluster/resource-name.ts";

/** A resource of the policy that the cluster serves, in the version in which its objects are listed. */
export interface ListedResource extends GroupVersionResource {
  /** Whether it has a subresource for its status. */
  readonly hasStatus: boolean;
}

/** A resource, and where its objects are listed. */
export interface Listing {
  readonly resource: ListedResource;
  readonly path: string;
}

export interface Listings {
  readonly listings: readonly Listing[];
  /** Sentences about resources that are left out, and may be. */
  readonly notes: readonly string[];
  /** Sentences about resources that are left out because of a fault in the policy. */
  readonly faults: readonly string[];
}

/**
 * Where the objects of a policy are. Every object is served in every version, so each resource is listed once: in the group's preferred
 * version, or the first that the policy covers.
 *
 * @param namespace the only one to look in; all where absent
 * @throws ClusterError where there is no such namespace, or the cluster serves nothing of the policy
 */
export async function listingsOf(api: ApiClient, policy: Policy, namespace?: string): Promise<Listings> {
  const listings: Listing[] = [];
  const absent: { group: string; resource: string }[] = [];
  const notes: string[] = [];
  const faults: string[] = [];
  await refuseMissing(api, namespace);
  const near = nearNamesIn(api, policy);
  const discovered = new Map<string, ServedResources>();
  for (const { group, resource } of resourcesOf(policy)) {
    const served = discovered.get(group) ?? (await discover(api, group));
    discovered.set(group, served);
    const name = resourceName({ group, resource });
    const versions = served.get(resource) ?? [];
    const covered = versions.find(({ version }) => targetOf(policy, { group, version, resource }));
    if (versions.length === 0) {
      const meant = await near({ group, resource });
      if (meant.length === 0) absent.push({ group, resource });
      else
        faults.push(
          `${name} is not served by this cluster; did you mean ${meant.join(" or ")}? Change it in the policy`,
        );
    } else if (!covered)
      faults.push(
        `${name} is served in ${versions.map(({ version }) => version).join(", ")}, which policy ${policy.name} does not cover: nothing guards it; add the version to the policy`,
      );
    else if (namespace !== undefined && !covered.namespaced) notes.push(`${name} has no namespaces and is left out`);
    else {
      const { version, hasStatus } = covered;
      const root = `${rootOf(group, version)}${namespace === undefined ? "" : `/namespaces/${namespace}`}`;
      listings.push({ resource: { group, version, resource, hasStatus }, path: `${root}/${resource}` });
    }
  }
  if (absent.length > 0) notes.unshift(`not installed: ${describeAbsent(policy, absent)}`);
  if (listings.length === 0 && faults.length === 0)
    throw new ClusterError(
      `nothing can be listed for policy ${policy.name}: ${notes.join("; ") || "it has no targets"}; see that --policy and --context name what you mean`,
    );
  return { listings, notes, faults };
}

/** A missing namespace has no objects, and a report without findings would hide that. A user who may not read namespaces gets no such error. */
const refuseMissing = async (api: ApiClient, namespace: string | undefined): Promise<void> => {
  if (namespace === undefined) return;
  const { status } = await api.send({ path: `/api/v1/namespaces/${encodeURIComponent(namespace)}` });
  if (status === 404) throw new ClusterError(`there is no namespace ${namespace}; see what --namespace names`);
};

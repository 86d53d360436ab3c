import type { Policy } from "../../lib/policy/index.ts";
import { isNear } from "../command-line/nearest.ts";
import type { ApiClient } from "./api-client.ts";
import { discover, objectsIn, type ServedResources } from "./discovery.ts";
import { resourceName } from "./resource-name.ts";

/** The names of served resources, as `RESOURCE.GROUP`, that a policy may mean by one that the cluster does not serve. */
export type NearNames = (absent: { readonly group: string; readonly resource: string }) => Promise<readonly string[]>;

/**
 * Looks for what a policy may mean by a resource that the cluster does not serve: its name is a singular, or a letter or two of the resource
 * or of its group are mistyped, or the resource has moved to another group of the same domain. Resources that the policy covers already are
 * left out.
 */
export function nearNamesIn(api: ApiClient, { targets }: Policy): NearNames {
  const isCovered = (group: string, name: string): boolean =>
    targets.some((target) => target.group === group && target.resources.includes(name));
  const discovered = new Map<string, Promise<ServedResources>>();
  const servedOf = (group: string): Promise<ServedResources> => {
    const known = discovered.get(group) ?? discover(api, group);
    discovered.set(group, known);
    return known;
  };
  let listed: Promise<readonly string[]> | undefined;
  const meantIn = async (groups: readonly string[], isMeant: (resource: string) => boolean) => {
    const found = await Promise.all(
      groups.map(async (group) =>
        [...(await servedOf(group)).keys()]
          .filter((resource) => isMeant(resource) && !isCovered(group, resource))
          .map((resource) => resourceName({ group, resource })),
      ),
    );
    return found.flat();
  };
  return async ({ group, resource }) => {
    listed ??= groupsOf(api);
    const groups = await listed;
    const alike = groups.filter((name) => name === group || (group !== "" && name !== "" && isNear(group, name)));
    const near = await meantIn(alike, (name) => isNear(resource, name) || pluralsOf(resource).includes(name));
    if (near.length > 0 || group === "") return near;
    const related = groups.filter((name) => name !== "" && domainOf(name) === domainOf(group));
    return meantIn(related, (name) => name === resource || pluralsOf(resource).includes(name));
  };
}

const groupsOf = async (api: ApiClient): Promise<readonly string[]> => {
  const { body } = await api.send({ path: "/apis" });
  return ["", ...objectsIn(body["groups"]).map(({ name }) => String(name))];
};

/** The names that a singular may have as a plural. */
const pluralsOf = (singular: string): readonly string[] => [
  `${singular}s`,
  `${singular}es`,
  singular.replace(/y$/, "ies"),
];

/** `fluxcd.io` of `helm.toolkit.fluxcd.io`. */
const domainOf = (group: string): string => group.split(".").slice(-2).join(".");

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
  return async ({ group, resource }) => {
    listed ??= groupsOf(api);
    const candidates = (await listed).flatMap((name): readonly Candidate[] => {
      if (name === group || (group !== "" && name !== "" && isNear(group, name)))
        return [{ group: name, isMeant: (each) => isNear(resource, each) || pluralsOf(resource).includes(each) }];
      const isMoved = domainOf(name) !== undefined && domainOf(name) === domainOf(group);
      return isMoved ? [{ group: name, isMeant: (each) => [resource, ...pluralsOf(resource)].includes(each) }] : [];
    });
    const found = await Promise.all(
      candidates.map(async ({ group: name, isMeant }) =>
        [...(await servedOf(name)).keys()]
          .filter((each) => isMeant(each) && !isCovered(name, each))
          .map((each) => resourceName({ group: name, resource: each })),
      ),
    );
    return found.flat();
  };
}

interface Candidate {
  readonly group: string;
  readonly isMeant: (resource: string) => boolean;
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

/** `fluxcd.io` of `helm.toolkit.fluxcd.io`; undefined for a group that is not named by a domain. */
const domainOf = (group: string): string | undefined => /[^.]+\.[^.]+$/.exec(group)?.[0];

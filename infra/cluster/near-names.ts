import { distance } from "fastest-levenshtein";
import type { Policy } from "../../lib/policy/index.ts";
import type { ApiClient } from "./api-client.ts";
import { discover, objectsIn } from "./discovery.ts";

/** Whether two names differ by a slip of the pen. */
export function isNear(given: string, name: string): boolean {
  return distance(given, name) <= 2;
}

/**
 * What a policy may mean by a resource that a cluster does not serve, as `RESOURCE.GROUP`: a singular, or a slip of the pen in the
 * resource or in its group. What the policy covers already is not meant.
 */
export async function nearNames(
  api: ApiClient,
  { targets }: Policy,
  { group, resource }: { readonly group: string; readonly resource: string },
): Promise<readonly string[]> {
  const isCovered = (ofGroup: string, name: string): boolean =>
    targets.some((target) => target.group === ofGroup && target.resources.includes(name));
  const reply = await api.send({ path: "/apis" });
  const groups = objectsIn(reply.body["groups"]).map(({ name }) => String(name));
  const near = ["", ...groups].filter((name) => name === group || (group !== "" && name !== "" && isNear(group, name)));
  const served = await Promise.all(near.map(async (name) => [name, await discover(api, name)] as const));
  return served.flatMap(([name, resources]) =>
    [...resources.keys()]
      .filter((each) => isNear(resource, each) && !isCovered(name, each))
      .map((each) => (name === "" ? each : `${each}.${name}`)),
  );
}

import type { Policy } from "../../lib/policy/index.ts";
import { isNear } from "../command-line/nearest.ts";
import type { ApiClient } from "./api-client.ts";
import { discover, objectsIn } from "./discovery.ts";

/**
 * The resources of a cluster, as `RESOURCE.GROUP`, that a policy may mean by one that the cluster does not serve: its name is a singular,
 * or a letter or two of the resource or of its group are mistyped. Resources that the policy covers already are left out.
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

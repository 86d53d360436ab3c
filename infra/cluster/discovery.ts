import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { type ApiClient, ClusterError, messageOf } from "./api-client.ts";

/** What an API server says of one resource in one version (`metav1.APIResource`). */
export interface ServedResource {
  readonly version: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Whether its status is written by a subresource of its own. */
  readonly hasStatus: boolean;
}

/** The versions that each resource of an API group is served in, the group's preferred version first; no entry for what is not installed. */
export type ServedResources = ReadonlyMap<string, readonly ServedResource[]>;

/** Asks an API server for the resources of a group. A group that is not installed has none. Subresources are left out. */
export async function discover(api: ApiClient, group: string): Promise<ServedResources> {
  const served = new Map<string, readonly ServedResource[]>();
  for (const version of group === "" ? ["v1"] : await versionsOf(api, group)) {
    const list = await read(api, `${rootOf(group, version)}`);
    const resources = objectsIn(list?.["resources"]);
    const names = new Set(resources.map(({ name }) => name));
    for (const { name, kind, namespaced } of resources)
      if (typeof name === "string" && !name.includes("/"))
        served.set(name, [
          ...(served.get(name) ?? []),
          { version, kind: String(kind), namespaced: namespaced === true, hasStatus: names.has(`${name}/status`) },
        ]);
  }
  // By name: the API server lists new resources as it comes to know them.
  return new Map([...served].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** Where the resources of an API version are. */
export function rootOf(group: string, version: string): string {
  return group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
}

const versionsOf = async (api: ApiClient, group: string): Promise<readonly string[]> => {
  const found = await read(api, `/apis/${group}`);
  const preferred = isObject(found?.["preferredVersion"]) ? found["preferredVersion"]["version"] : undefined;
  const all = objectsIn(found?.["versions"]).map(({ version }) => String(version));
  return [...all.filter((version) => version === preferred), ...all.filter((version) => version !== preferred)];
};

const read = async (api: ApiClient, path: string): Promise<JsonObject | undefined> => {
  const reply = await api.send({ path });
  if (reply.status === 404) return undefined;
  if (reply.status !== 200) throw new ClusterError(`${path} cannot be read: ${messageOf(reply)}`);
  return reply.body;
};

/** The objects in a list, none in anything else. */
export function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { type ApiClient, ClusterError, messageOf } from "./api-client.ts";

/** One resource in one version, as an API server describes it (`metav1.APIResource`). */
export interface ServedResource {
  readonly version: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Whether it has a subresource for its status. */
  readonly hasStatus: boolean;
}

/**
 * The served versions of each resource of an API group, the group's preferred version first. Resources that are not installed have no
 * entry.
 */
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
  // Sorted by name: the API server lists resources in the order in which it learned of them.
  return new Map([...served].sort(([one], [other]) => (one < other ? -1 : 1)));
}

/** The path of an API version. */
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

/** The objects in a list; none where it is not a list. */
export function objectsIn(list: unknown): readonly JsonObject[] {
  return Array.isArray(list) ? list.filter(isObject) : [];
}

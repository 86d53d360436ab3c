import type { GroupVersionResource } from "../../lib/decision/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { ResourceAttributes } from "../../lib/question/index.ts";
import { readWorld } from "../../lib/rbac/index.ts";
import { type ApiClient, ClusterError } from "../cluster/api-client.ts";
import { pagesOf } from "./pages.ts";
import { inAny, inBoth, type SubjectName, subjectsOf, whoMayIn, without, withoutImplied } from "./who-may.ts";

/** Who may do what now, by RBAC. */
export interface Rights {
  readonly mayWrite: (resource: WrittenResource, object: JsonObject) => readonly SubjectName[];
  /** Who is allowed all of this. */
  readonly may: (permissions: readonly ResourceAttributes[]) => readonly SubjectName[];
  /** Who may write an object without being allowed all of this, and without being one of these users. */
  readonly mayNotKeep: (
    resource: WrittenResource,
    object: JsonObject,
    permissions: readonly ResourceAttributes[],
    keepers: readonly string[],
  ) => readonly SubjectName[];
}

/** A resource, or one of its subresources. */
export type WrittenResource = GroupVersionResource & Pick<ResourceAttributes, "subresource">;

const apiVersion = "rbac.authorization.k8s.io/v1";
const collections = {
  clusterroles: "ClusterRole",
  clusterrolebindings: "ClusterRoleBinding",
  roles: "Role",
  rolebindings: "RoleBinding",
} as const;

/**
 * Reads all of RBAC. A part of it would name too few, so where one of its four collections cannot be listed there are no rights, and the
 * note says what is missing.
 */
export async function readRights(
  api: ApiClient,
  limit: number,
  note: (sentence: string) => void,
): Promise<Rights | undefined> {
  const objects: JsonObject[] = [];
  try {
    for (const [plural, kind] of Object.entries(collections))
      for await (const { items } of pagesOf(api, `/apis/${apiVersion}/${plural}`, { limit, note }))
        for (const item of items) objects.push({ ...withoutManagers(item), apiVersion, kind });
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    note(
      `who may write an object, or impersonate what it names, is not said, because that needs list on ${Object.keys(collections).join(", ")} in the whole cluster: ${error.message}`,
    );
    return undefined;
  }
  return rightsIn(objects, note);
}

/** Rights by RBAC objects. One that no API server of today would store is left out, and said. */
export function rightsIn(objects: readonly JsonObject[], note: (sentence: string) => void): Rights {
  const readable = objects.filter((object) => {
    try {
      readWorld([object]);
      return true;
    } catch (error) {
      note(`left out of who may do what: ${error instanceof Error ? error.message : error}`);
      return false;
    }
  });
  const whoMay = whoMayIn(readWorld(readable));
  const granted = (verb: string, written: WrittenResource, object: JsonObject) => {
    const { group, version, resource, subresource = "" } = written;
    const { namespace, name } = isObject(object["metadata"]) ? object["metadata"] : {};
    return whoMay({
      verb,
      group,
      version,
      resource,
      subresource,
      ...(typeof namespace === "string" ? { namespace } : {}),
      name: String(name),
    });
  };
  const writers = (resource: WrittenResource, object: JsonObject) =>
    inAny(...["create", "update", "patch"].map((verb) => granted(verb, resource, object)));
  const allowed = ([first, ...more]: readonly ResourceAttributes[]): ReadonlySet<SubjectName> =>
    first ? more.map(whoMay).reduce(inBoth, whoMay(first)) : new Set();
  return {
    mayWrite: (resource, object) => sorted(writers(resource, object)),
    may: (permissions) => sorted(allowed(permissions)),
    mayNotKeep: (resource, object, permissions, keepers) =>
      sorted(without(writers(resource, object), inAny(allowed(permissions), new Set(keepers.flatMap(subjectsOf))))),
  };
}

const withoutManagers = (object: JsonObject): JsonObject => {
  const { managedFields: _, ...metadata } = isObject(object["metadata"]) ? object["metadata"] : {};
  return { ...object, metadata };
};

/** People before controllers of the cluster itself, which may write everything. */
const sorted = (subjects: ReadonlySet<SubjectName>): readonly SubjectName[] => {
  const rank = (subject: SubjectName): number => (/ (system:|kube-system\/)/.test(subject) ? 1 : 0);
  return withoutImplied(subjects).toSorted((a, b) => rank(a) - rank(b) || a.localeCompare(b));
};

import { isObject, type JsonObject, member } from "../../lib/meta/json.ts";
import { formatPath } from "../../lib/policy/path.ts";
import { isInStatus, type Target, targetOf } from "../../lib/policy/policy.ts";
import { objectsIn } from "../cluster/discovery.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import type { Site } from "./site.ts";

const check = "status";

/**
 * Checks that every served version of the policy's resources has a status subresource. Where a version has none, the status is stored with
 * the object: every editor of the object can write the status that its controller acts on, and each write of the controller is an edit.
 */
export async function checkStatusSubresources({ policy, served, definition }: Site): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const [group, resources] of served)
    for (const [resource, versions] of resources) {
      const name = group === "" ? resource : `${resource}.${group}`;
      for (const { version, hasStatus } of versions) {
        const target = targetOf(policy, { group, version, resource });
        if (target === undefined || hasStatus || !storesStatus(await definition(name), version)) continue;
        results.push(...resultsOf(target, `${name} in ${version}`));
      }
    }
  return results.length > 0 ? results : [ok(check, "no served version stores the status with the object")];
}

const resultsOf = (target: Target, where: string): readonly CheckResult[] => {
  const paths = [...target.statusPaths, ...target.fields.filter(isInStatus).map(({ path }) => path)].map(formatPath);
  const stored = `${where} has no status subresource: its status is stored with the object`;
  if (paths.length > 0)
    return [
      fail(
        check,
        `${stored}, so every user who may edit the object may write ${paths.join(", ")}, and its controller acts on these paths`,
        "add subresources: { status: {} } to this version in its CustomResourceDefinition, or stop serving the version",
      ),
    ];
  if (target.statusWriters.length > 0) return [];
  return [
    warn(
      check,
      `${stored}, and the policy lists no statusWriters, so every status write, the controller's included, is judged as an edit of the object`,
      "list the usernames of the resource's controllers in the target's statusWriters",
    ),
  ];
};

/** Whether the schema of a version has a status or keeps unknown fields. Built-in kinds without the subresource have no status. */
const storesStatus = (definition: JsonObject | undefined, version: string): boolean => {
  const spec = isObject(definition?.["spec"]) ? definition["spec"] : {};
  const { schema } = objectsIn(spec["versions"]).find(({ name }) => name === version) ?? {};
  const root = isObject(schema) && isObject(schema["openAPIV3Schema"]) ? schema["openAPIV3Schema"] : {};
  const properties = isObject(root["properties"]) ? root["properties"] : {};
  return member(properties, "status") !== undefined || root["x-kubernetes-preserve-unknown-fields"] === true;
};

import type { JsonObject } from "../../lib/meta/json.ts";
import { formatPath } from "../../lib/policy/path.ts";
import { type Target, targetOf } from "../../lib/policy/policy.ts";
import { resourceName } from "../cluster/resource-name.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { schemaOf } from "./sample-object.ts";
import { schemaPlacesOf } from "./schema-places.ts";
import type { Site } from "./site.ts";

const check = "status";

/**
 * Checks that every served version of the policy's resources has a status subresource, or that the policy provides for its absence: the
 * status is then stored with the object, every editor of the object can write it, and each write of its controller is an edit.
 */
export async function checkStatusSubresources({ policy, served, definition }: Site): Promise<readonly CheckResult[]> {
  const without: VersionWithout[] = [];
  for (const [group, resources] of served)
    for (const [resource, versions] of resources) {
      const name = resourceName({ group, resource });
      for (const { version, hasStatus } of versions) {
        const target = targetOf(policy, { group, version, resource });
        if (target === undefined || hasStatus || !storesStatus(await definition(name), version)) continue;
        without.push({ where: `${name} in ${version}`, target });
      }
    }
  if (without.length === 0) return [ok(check, "no served version stores the status with the object")];
  const alike = Map.groupBy(without, ({ target: { statusPaths, statusWriters } }) =>
    JSON.stringify([statusPaths, statusWriters]),
  );
  return [...alike.values()].flatMap((some) =>
    some.slice(0, 1).map(({ target }) => resultOf(target, storedIn(some.map(({ where }) => where)))),
  );
}

/** A served version that has no subresource for its status, and what the policy says of it. */
interface VersionWithout {
  readonly where: string;
  readonly target: Target;
}

const storedIn = (versions: readonly string[]): string =>
  versions.length === 1
    ? `${versions[0]} has no status subresource: its status is stored with the object`
    : `${versions.join(", ")} have no status subresource: their status is stored with the object`;

const resultOf = ({ statusPaths, statusWriters }: Target, stored: string): CheckResult => {
  const paths = statusPaths.map(formatPath);
  if (paths.length > 0)
    return fail(
      check,
      `${stored}, so every user who may edit the object may write ${paths.join(", ")}, and its controller acts on these paths`,
      "add subresources: { status: {} } to this version in its CustomResourceDefinition, or stop serving the version",
    );
  if (statusWriters.length > 0)
    return ok(check, `${stored}; a write of it is judged like an edit, except by ${statusWriters.join(", ")}`);
  return warn(
    check,
    `${stored}, and the policy lists no statusWriters, so every status write, the controller's included, is judged as an edit of the object`,
    "list the usernames of the resource's controllers in the target's statusWriters",
  );
};

/** Whether the schema of a version has a status or keeps unknown fields. Built-in kinds without the subresource have no status. */
const storesStatus = (definition: JsonObject | undefined, version: string): boolean =>
  definition !== undefined && schemaPlacesOf(schemaOf(definition, version), [{ key: "status" }]).length > 0;

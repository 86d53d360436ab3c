import { isObject, type JsonObject, member } from "../../lib/meta/json.ts";
import { targetOf } from "../../lib/policy/policy.ts";
import { nearNames } from "../cluster/near-names.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import type { Site } from "./site.ts";

/** Checks that every served version of the policy's resources reaches the webhook as a version that the policy covers. */
export async function checkVersions(site: Site): Promise<readonly CheckResult[]> {
  const { api, policy, served, definition } = site;
  const check = "versions";
  const absent: string[] = [];
  const guarded: string[] = [];
  const results: CheckResult[] = [];
  const all = policy.targets.flatMap(({ group, resources }) => resources.map((resource) => ({ group, resource })));
  for (const { group, resource } of distinct(all)) {
    const name = group === "" ? resource : `${resource}.${group}`;
    const versions = (served.get(group)?.get(resource) ?? []).map(({ version }) => version);
    const covered = versions.filter((version) => targetOf(policy, { group, version, resource }));
    const uncovered = versions.filter((version) => !covered.includes(version));
    const near = versions.length === 0 ? await nearNames(api, policy, { group, resource }) : [];
    if (near.length > 0)
      results.push(
        fail(
          check,
          `${name} is not served by this cluster; did you mean ${near.join(" or ")}, which the policy does not cover?`,
          "correct the resource in the policy, deploy the policy, and apply the new manifests",
        ),
      );
    else if (versions.length === 0) absent.push(name);
    else if (covered.length === 0)
      results.push(
        fail(
          check,
          `${name} is served in ${uncovered.join(", ")}, but policy ${policy.name} covers none of these versions, so the resource is not guarded`,
          "add a version to the target in the policy, deploy the policy, and apply the new manifests",
        ),
      );
    else if (uncovered.length > 0 && conversionOf(await definition(name)) === "None")
      results.push(
        warn(
          check,
          `${name} is also served in ${uncovered.join(", ")}. The API server passes such an object to the webhook as ${covered[0]} and changes only its apiVersion, so a field at another path in ${uncovered.join(", ")} is not checked`,
          'if the field has the same path in all versions, set versions: ["*"] in the target; otherwise add a target for the other version',
        ),
      );
    else guarded.push(name);
  }
  const missing = absent.length > 0 ? `; not installed: ${absent.join(", ")}` : "";
  if (results.length === 0 && guarded.length === 0)
    return [
      warn(
        check,
        `this cluster serves no resource of policy ${policy.name}`,
        "check --policy and --context; a resource that is installed later is guarded from its first object",
      ),
    ];
  return results.length > 0
    ? results
    : [ok(check, `${guarded.length} resources are covered in every served version${missing}`)];
}

const distinct = <T extends object>(items: readonly T[]): readonly T[] => [
  ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
];

/** The conversion strategy of a CustomResourceDefinition; undefined for other kinds. */
const conversionOf = (definition: JsonObject | undefined): unknown => {
  const spec = isObject(definition?.["spec"]) ? definition["spec"] : {};
  const conversion = member(spec, "conversion");
  return isObject(conversion) ? conversion["strategy"] : undefined;
};

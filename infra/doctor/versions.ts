import { isObject, type JsonObject, member } from "../../lib/meta/json.ts";
import { targetOf } from "../../lib/policy/policy.ts";
import { nearNames } from "../cluster/near-names.ts";
import { type CheckResult, fail, ok, warn } from "./result.ts";
import type { Site } from "./site.ts";

/** Whether every version in which the policy's resources are served reaches the webhook as one that the policy knows. */
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
          `${name} is not served by this cluster; did you mean ${near.join(" or ")}? Nothing guards that`,
          "change it in the policy, deploy it, and print the manifests anew",
        ),
      );
    else if (versions.length === 0) absent.push(name);
    else if (covered.length === 0)
      results.push(
        fail(
          check,
          `${name} is served in ${uncovered.join(", ")}, of which policy ${policy.name} covers none: nothing guards it`,
          "add a version to the target in the policy, deploy it, and print the manifests anew",
        ),
      );
    else if (uncovered.length > 0 && conversionOf(await definition(name)) === "None")
      results.push(
        warn(
          check,
          `${name} is served in ${uncovered.join(", ")} too, which the API server hands to the webhook as ${covered[0]} with nothing changed but the name of the version; a field that stands elsewhere in ${uncovered.join(", ")} is not seen`,
          'see that the field is at the same place in both, and say so with versions: ["*"], or add a target for the other version',
        ),
      );
    else guarded.push(name);
  }
  const missing = absent.length > 0 ? `; not installed: ${absent.join(", ")}` : "";
  if (results.length === 0 && guarded.length === 0)
    return [
      warn(
        check,
        `nothing of policy ${policy.name} is installed on this cluster`,
        "see that --policy and --context name what you mean; what is installed later is guarded from its first moment",
      ),
    ];
  return results.length > 0 ? results : [ok(check, `${guarded.length} resources in every served version${missing}`)];
}

const distinct = <T extends object>(items: readonly T[]): readonly T[] => [
  ...new Map(items.map((item) => [JSON.stringify(item), item])).values(),
];

/** How a CustomResourceDefinition turns one version into another; undefined for what is none. */
const conversionOf = (definition: JsonObject | undefined): unknown => {
  const spec = isObject(definition?.["spec"]) ? definition["spec"] : {};
  const conversion = member(spec, "conversion");
  return isObject(conversion) ? conversion["strategy"] : undefined;
};

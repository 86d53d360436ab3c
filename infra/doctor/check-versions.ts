import { isObject, type JsonObject, member } from "../../lib/meta/json.ts";
import { targetOf } from "../../lib/policy/policy.ts";
import { describeAbsent, resourcesOf } from "../cluster/absent-resources.ts";
import { nearNamesIn } from "../cluster/near-names.ts";
import { resourceName } from "../cluster/resource-name.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { webhookCovers } from "./rule-coverage.ts";
import { replaceCommand, type Site, webhooksOf } from "./site.ts";

const check = "versions";

/** Checks that every served version of the policy's resources reaches the webhook as a version that the policy covers. */
export async function checkVersions(site: Site): Promise<readonly CheckResult[]> {
  const { api, policy, served } = site;
  const near = nearNamesIn(api, policy);
  const absent: { group: string; resource: string }[] = [];
  const guarded: string[] = [];
  const converted: string[] = [];
  const results: CheckResult[] = [];
  for (const { group, resource } of resourcesOf(policy)) {
    const name = resourceName({ group, resource });
    const versions = (served.get(group)?.get(resource) ?? []).map(({ version }) => version);
    const [first, ...others] = versions.filter((version) => targetOf(policy, { group, version, resource }));
    const uncovered = versions.filter((version) => first !== version && !others.includes(version));
    if (versions.length === 0) {
      const meant = await near({ group, resource });
      if (meant.length === 0) absent.push({ group, resource });
      else results.push(misnamed(name, meant));
    } else if (first === undefined) {
      results.push(
        fail(
          check,
          `${name} is served in ${uncovered.join(", ")}, but policy ${policy.name} covers none of these versions, so the resource is not guarded`,
          "add a version to the target in the policy, deploy the policy, and apply the new manifests",
        ),
      );
    } else {
      const faults = uncovered.length > 0 ? await faultsOf(site, { group, resource, covered: first, uncovered }) : [];
      results.push(...faults);
      if (faults.length > 0) continue;
      guarded.push(name);
      if (uncovered.length > 0) converted.push(`${uncovered.join(", ")} of ${name} as ${first}`);
    }
  }
  if (results.length === 0 && guarded.length === 0)
    return [
      warn(
        check,
        `this cluster serves no resource of policy ${policy.name}`,
        "check --policy and --context; a resource that is installed later is guarded from its first object",
      ),
    ];
  if (guarded.length === 0) return results;
  const asAnother = converted.length > 0 ? `; judged after a conversion: ${converted.join(", ")}` : "";
  const missing = absent.length > 0 ? `; not installed: ${describeAbsent(policy, absent)}` : "";
  return [
    ...results,
    ok(check, `${guarded.length} resources are covered in every served version${asAnother}${missing}`),
  ];
}

const misnamed = (name: string, meant: readonly string[]): CheckResult =>
  fail(
    check,
    `${name} is not served by this cluster; did you mean ${meant.join(" or ")}, which the policy does not cover?`,
    "correct the resource in the policy, deploy the policy, and apply the new manifests",
  );

interface Uncovered {
  readonly group: string;
  readonly resource: string;
  readonly covered: string;
  readonly uncovered: readonly string[];
}

/** The faults of versions that the policy does not cover beside one that it covers. */
const faultsOf = async (
  site: Site,
  { group, resource, covered, uncovered }: Uncovered,
): Promise<readonly CheckResult[]> => {
  const name = resourceName({ group, resource });
  const missing = uncovered.flatMap((version) => {
    const webhooks = [...webhooksOf(site.ours.mutating), ...webhooksOf(site.ours.validating)].filter(
      (webhook) =>
        webhookCovers(webhook, { group, resource, versions: [covered] }) &&
        !webhookCovers(webhook, { group, resource, versions: [version] }),
    );
    return webhooks.map((webhook) => `${webhook["name"]} misses ${version}`);
  });
  if (missing.length > 0)
    return [
      fail(
        check,
        `${name} is also served in ${uncovered.join(", ")}, and a webhook with matchPolicy Exact does not see these objects: ${missing.join(", ")}`,
        `${replaceCommand(site)}: its webhooks have matchPolicy Equivalent`,
      ),
    ];
  if (conversionOf(await site.definition(name)) !== "None") return [];
  return [
    warn(
      check,
      `${name} is also served in ${uncovered.join(", ")}. The API server passes such an object to the webhook as ${covered} and changes only its apiVersion, so a field at another path in ${uncovered.join(", ")} is not checked`,
      'if the field has the same path in all versions, set versions: ["*"] in the target; otherwise add a target for the other version',
    ),
  ];
};

/** The conversion strategy of a CustomResourceDefinition; undefined for other kinds. */
const conversionOf = (definition: JsonObject | undefined): unknown => {
  const spec = isObject(definition?.["spec"]) ? definition["spec"] : {};
  const conversion = member(spec, "conversion");
  return isObject(conversion) ? conversion["strategy"] : undefined;
};

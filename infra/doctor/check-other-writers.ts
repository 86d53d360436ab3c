import type { JsonObject } from "../../lib/meta/json.ts";
import { inTreeGuardsAll, ownPolicyNames } from "./admission-policies.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { type GuardedResource, policyCovers, webhookCovers } from "./rule-coverage.ts";
import { applyCommand, nameOfObject, type Site, webhooksOf } from "./site.ts";

const check = "other-writers";

/** Checks for other webhooks and policies that may write the field after ours, and for a final check of ours that sees the result. */
export async function checkOtherWriters(site: Site): Promise<readonly CheckResult[]> {
  const { MutatingAdmissionPolicy: policies } = site.inTree.listed;
  if (typeof policies !== "string") return [resultFor(site, policies)];
  const result = resultFor(site, []);
  return [
    ...(result.status === "fail" ? [result] : []),
    warn(
      check,
      `the MutatingAdmissionPolicies could not be listed, so the doctor cannot tell whether one of them writes the field: ${policies}`,
      "run the doctor as a user who may list mutatingadmissionpolicies",
    ),
  ];
}

const resultFor = (site: Site, policies: readonly JsonObject[]): CheckResult => {
  const written = installedOf(site)
    .map((guarded) => ({ guarded, others: othersOf(site, policies, guarded) }))
    .filter(({ others }) => others.length > 0);
  if (written.length === 0) return ok(check, "no other webhook or admission policy writes these resources");
  const writers = [...new Set(written.flatMap(({ others }) => others))].join(", ");
  const finalCheck = site.ours.validating ? "the validating webhook" : "the ValidatingAdmissionPolicy";
  const unchecked = inTreeGuardsAll(site.inTree)
    ? []
    : written.filter(({ guarded }) => !isValidated(site, guarded)).map(({ guarded }) => guarded.resource);
  return unchecked.length === 0
    ? ok(check, `${writers} can write the field after ours; ${finalCheck} checks the final object`)
    : fail(
        check,
        `${writers} can write the field of ${unchecked.join(", ")} after ours, and no validating webhook with failurePolicy Fail checks the final object`,
        applyCommand(site),
      );
};

const othersOf = (
  { mutating, ours, inTree }: Site,
  policies: readonly JsonObject[],
  guarded: GuardedResource,
): readonly string[] => [
  ...mutating
    .filter((configuration) => configuration !== ours.mutating)
    .flatMap((configuration) =>
      webhooksOf(configuration)
        .filter((webhook) => webhookCovers(webhook, guarded))
        .map(({ name }) => `webhook ${name} of ${nameOfObject(configuration)}`),
    ),
  ...policies
    .filter((policy) => !ownPolicyNames(inTree).has(nameOfObject(policy)) && policyCovers(policy, guarded))
    .map((policy) => `MutatingAdmissionPolicy ${nameOfObject(policy)}`),
];

/** The installed resources of the policy, each once. */
const installedOf = ({ policy, served }: Site): readonly GuardedResource[] =>
  [...served].flatMap(([group, resources]) =>
    [...resources].flatMap(([resource, versions]) =>
      policy.targets.some((target) => target.group === group && target.resources.includes(resource))
        ? [{ group, resource, versions: versions.map(({ version }) => version) }]
        : [],
    ),
  );

const isValidated = ({ ours }: Site, guarded: GuardedResource): boolean =>
  webhooksOf(ours.validating).some((webhook) => webhook["failurePolicy"] === "Fail" && webhookCovers(webhook, guarded));

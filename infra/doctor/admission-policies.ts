import { type AdmissionPolicyObject, admissionPolicies } from "../../lib/manifests/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { type ApiClient, messageOf } from "../cluster/api-client.ts";
import { objectsIn } from "../cluster/discovery.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { describeDifference, policyDifferences } from "./differences.ts";

type Kind = AdmissionPolicyObject["kind"];

const plurals: Readonly<Record<Kind, string>> = {
  ValidatingAdmissionPolicy: "validatingadmissionpolicies",
  ValidatingAdmissionPolicyBinding: "validatingadmissionpolicybindings",
  MutatingAdmissionPolicy: "mutatingadmissionpolicies",
  MutatingAdmissionPolicyBinding: "mutatingadmissionpolicybindings",
};

/** The objects of one kind, none where the API server does not serve the kind; or the reason why they cannot be listed. */
export type Listed = readonly JsonObject[] | string;

/** The admission policies (CEL) that a policy generates, and the ones that the cluster has. */
export interface InTreePolicies {
  /** The admission policies for the policy; empty where CEL cannot express it. */
  readonly wanted: readonly AdmissionPolicyObject[];
  readonly listed: Readonly<Record<Kind, Listed>>;
  /** Whether the API server has MutatingAdmissionPolicies (v1 since Kubernetes 1.36). */
  readonly canSet: boolean;
}

/** Reads the admission policies of a cluster. */
export async function readInTreePolicies(api: ApiClient, policy: Policy): Promise<InTreePolicies> {
  const list = async (kind: Kind): Promise<Listed | undefined> => {
    for (const version of kind.startsWith("Mutating") ? ["v1", "v1beta1", "v1alpha1"] : ["v1"]) {
      const reply = await api.send({ path: `/apis/admissionregistration.k8s.io/${version}/${plurals[kind]}` });
      if (reply.status === 200) return objectsIn(reply.body["items"]);
      if (reply.status !== 404) return messageOf(reply);
    }
    return undefined;
  };
  const kinds = Object.keys(plurals) as Kind[];
  const found = await Promise.all(kinds.map(async (kind) => [kind, await list(kind)] as const));
  return {
    wanted: wantedOf(policy),
    listed: Object.fromEntries(
      found.map(([kind, listed]) => [kind, listed ?? []]),
    ) as unknown as InTreePolicies["listed"],
    canSet: found.some(([kind, listed]) => kind === "MutatingAdmissionPolicy" && listed !== undefined),
  };
}

const wantedOf = (policy: Policy): readonly AdmissionPolicyObject[] => {
  try {
    return admissionPolicies(policy);
  } catch (error) {
    if (error instanceof RangeError) return [];
    throw error;
  }
};

const nameOf = ({ metadata }: JsonObject): unknown => (isObject(metadata) ? metadata["name"] : undefined);

const installedFor = (
  { listed }: InTreePolicies,
  { kind, metadata }: AdmissionPolicyObject,
): JsonObject | undefined => {
  const all = listed[kind];
  return typeof all === "string" ? undefined : all.find((each) => nameOf(each) === metadata.name);
};

/** The wanted objects whose kinds this API server serves. */
const supported = ({ wanted, canSet }: InTreePolicies): readonly AdmissionPolicyObject[] =>
  wanted.filter(({ kind }) => canSet || kind.startsWith("Validating"));

/** Whether any admission policy of ours is installed. */
export function hasInTreePolicies(inTree: InTreePolicies): boolean {
  return inTree.wanted.some((each) => installedFor(inTree, each));
}

/** Whether our admission policies set the field, so that no webhook has to set it. */
export function inTreeSetsField(inTree: InTreePolicies): boolean {
  return inTree.wanted.some((each) => each.kind === "MutatingAdmissionPolicyBinding" && installedFor(inTree, each));
}

/** The differences between the installed and the wanted admission policies, as sentences. */
const faultsOf = (inTree: InTreePolicies): readonly string[] =>
  supported(inTree).flatMap((wanted) => {
    const name = `${wanted.kind} ${wanted.metadata.name}`;
    const installed = installedFor(inTree, wanted);
    if (!installed) return [`${name} is missing`];
    return policyDifferences(installed, wanted as unknown as JsonObject).map(
      (difference) => `${name}: ${describeDifference(difference)}`,
    );
  });

/** Whether the admission policies alone guard all resources of the policy. */
export function inTreeGuardsAll(inTree: InTreePolicies): boolean {
  return hasInTreePolicies(inTree) && faultsOf(inTree).length === 0;
}

/** The names of our own admission policies, which do not count as other writers. */
export function ownPolicyNames({ wanted }: InTreePolicies): ReadonlySet<string> {
  return new Set(wanted.map(({ metadata }) => metadata.name));
}

/** Checks that the admission policies match the policy, where any of them is installed. */
export async function checkAdmissionPolicies({
  inTree,
  policy,
  policyName,
  ours,
}: {
  readonly inTree: InTreePolicies;
  readonly policy: Policy;
  readonly policyName: string | undefined;
  readonly ours: { readonly mutating: unknown; readonly validating: unknown };
}): Promise<readonly CheckResult[]> {
  const check = "admission-policies";
  const alone = !ours.mutating && !ours.validating;
  const unread = Object.values(inTree.listed).find((each) => typeof each === "string");
  if (!hasInTreePolicies(inTree))
    return alone && unread !== undefined
      ? [
          warn(
            check,
            `the admission policies could not be listed, so the doctor cannot tell whether they guard the cluster in place of the webhooks: ${unread}`,
            "run the doctor as a user who may list mutating- and validatingadmissionpolicies and their bindings",
          ),
        ]
      : [];
  if (unread !== undefined)
    return [
      warn(
        check,
        `the admission policies could not be listed, so the doctor cannot tell whether they match policy ${policy.name}: ${unread}`,
        "run the doctor as a user who may list mutating- and validatingadmissionpolicies and their bindings",
      ),
    ];
  const faults = faultsOf(inTree);
  if (faults.length > 0)
    return [
      fail(
        check,
        `the admission policies differ from policy ${policy.name}: ${faults.slice(0, 3).join("; ")}${faults.length > 3 ? `; and ${faults.length - 3} more` : ""}`,
        `${manifestsCommand("replace", { policy: policyName, "admission-policies": true })}; if the cluster uses another policy, name it with --policy`,
      ),
    ];
  const sets = inTree.canSet
    ? ""
    : "; this API server does not serve MutatingAdmissionPolicy, so they refuse an object whose field would have to be set";
  return [
    ok(
      check,
      `the admission policies match policy ${policy.name} and guard the cluster ${alone ? "without webhooks" : "beside the webhooks"}${sets}`,
    ),
  ];
}

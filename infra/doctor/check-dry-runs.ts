import type { Decision } from "../../lib/decision/index.ts";
import { calledAs } from "../command-line/installation.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { hasInTreePolicies } from "./admission-policies.ts";
import { type CheckResult, ok, warn } from "./check-result.ts";
import {
  compareWithRule,
  createDryRun,
  type Declaration,
  type DryRunSubject,
  dryRunObject,
  dryRunSubjects,
  expectedOutcome,
  possibleDeclarations,
} from "./dry-run-trial.ts";
import type { Site } from "./site.ts";

const check = "dry-run";

/** Checks the result of a dry run against the rule, for every resource and every possible declaration. */
export async function checkDryRuns(site: Site): Promise<readonly CheckResult[]> {
  const decisions = new Map<Declaration, Set<Decision>>();
  const problems: (DryRunProblem & { readonly resource: string })[] = [];
  let right = 0;
  for (const subject of dryRunSubjects(site)) {
    const problem = await tryDeclarations(site, subject, decisions);
    if (problem) problems.push({ resource: subject.resource, ...problem });
    else right += 1;
  }
  const results = mergeProblems(problems);
  if (right === 0) return results;
  const summary = [...decisions].map(([declaration, made]) => `${declaration}: ${[...made].join(" or ")}`).join(", ");
  const { username } = site.me;
  return [
    ...results,
    ok(check, `${right} resources are judged for ${username} as the rule requires (${summary})`),
    ...(isPermittedOnly(decisions.get("other name"))
      ? [
          warn(
            check,
            `${username} may impersonate every user, so the dry runs tested no refusal`,
            "run the doctor again as an ordinary user, who may create these resources but may not impersonate other users",
          ),
        ]
      : []),
  ];
}

const isPermittedOnly = (made: ReadonlySet<Decision> = new Set()): boolean => made.has("permitted") && made.size === 1;

interface DryRunProblem {
  readonly status: "warn" | "fail";
  readonly why: string;
  readonly fix: string;
}

/** Merges equal problems of several resources into one result. */
const mergeProblems = (
  problems: readonly (DryRunProblem & { readonly resource: string })[],
): readonly CheckResult[] => {
  const equal = Map.groupBy(problems, ({ status, why, fix }) => JSON.stringify([status, why, fix]));
  return [...equal.values()].flatMap((group) =>
    group.slice(0, 1).map(({ status, why, fix }) => {
      const resources = group.map(({ resource }) => resource).join(", ");
      return { check, status, message: `${resources}: ${why}`, fix };
    }),
  );
};

/** The problem of a resource; undefined where every trial ended as the rule requires. Adds the decisions to the map. */
const tryDeclarations = async (
  site: Site,
  subject: DryRunSubject,
  decisions: Map<Declaration, Set<Decision>>,
): Promise<DryRunProblem | undefined> => {
  for (const declaration of possibleDeclarations(site, subject)) {
    const object = await dryRunObject(site, subject, declaration);
    const outcome = await expectedOutcome(site, subject, object);
    if (outcome.reason === "no-answer")
      return {
        status: "warn",
        why: `the result that the rule requires is unknown: ${outcome.message}`,
        fix: "check that this user may create selfsubjectaccessreviews; by default every authenticated user may",
      };
    const result = compareWithRule(site, subject, object, outcome, await createDryRun(site, subject, object));
    if (result.kind === "wrong")
      return { status: "fail", why: `with ${declaration} declared, ${result.why}`, fix: fixOf(site, result.why) };
    if (result.kind === "not-judged")
      return {
        status: "warn",
        why: `the dry run failed before our webhooks judged the object: ${result.why}`,
        fix: `run the doctor as a user who may create the object in namespace ${site.namespace}, or name another namespace with --namespace`,
      };
    decisions.set(declaration, (decisions.get(declaration) ?? new Set()).add(outcome.decision));
  }
  return undefined;
};

const fixOf = ({ ours, inTree, policyName: policy }: Site, why: string): string => {
  if (!ours.mutating && !ours.validating && hasInTreePolicies(inTree))
    return `check that no other webhook or policy writes the field, and replace the admission policies: ${manifestsCommand("replace", { policy, "admission-policies": true })}`;
  if (why.includes("could not find the requested resource"))
    return `the function does not know this cluster or its key: compare the hash of the key with the one in the registry, or make a new key with ${calledAs("key")} CLUSTER`;
  if (why.includes("failed calling webhook") || why.includes("failed to call webhook"))
    return "check that the function runs, that the API server can reach its URL, and that the caBundle signed its certificate";
  if (why.includes("could not be found out"))
    return "the function gets no answers from this cluster: read its log, and check its credentials in the registry with --asker-kubeconfig";
  return "check that the registry names this policy for the cluster, that the registry is deployed, and that both webhook configurations are installed";
};

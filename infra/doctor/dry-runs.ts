import type { Decision } from "../../lib/decision/index.ts";
import { calledAs } from "../command-line/installation.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { isInTree } from "./admission-policies.ts";
import {
  type Declaration,
  type DryRunSubject,
  declarationsFor,
  dryRun,
  endingOf,
  expected,
  objectFor,
  subjectsOf,
} from "./dry-run-trial.ts";
import { type CheckResult, ok, warn } from "./result.ts";
import type { Site } from "./site.ts";

const check = "dry-run";

/** Whether an object that is created as a dry run comes back as the rule says, for every resource and everything that may be declared. */
export async function checkDryRuns(site: Site): Promise<readonly CheckResult[]> {
  const seen = new Map<Declaration, Decision>();
  const troubles: (Trouble & { readonly resource: string })[] = [];
  let right = 0;
  for (const subject of subjectsOf(site)) {
    const ended = await tryAll(site, subject, seen);
    if (ended) troubles.push({ resource: subject.resource, ...ended });
    else right += 1;
  }
  const results = together(troubles);
  if (right === 0) return results;
  const said = [...seen].map(([declaration, decision]) => `${declaration}: ${decision}`).join(", ");
  const { username } = site.me;
  return [
    ...results,
    ok(check, `${right} resources are judged for ${username} as the rule requires (${said})`),
    ...(seen.get("other name") === "permitted"
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

interface Trouble {
  readonly status: "warn" | "fail";
  readonly why: string;
  readonly fix: string;
}

/** What is wrong with several resources is said once. */
const together = (troubles: readonly (Trouble & { readonly resource: string })[]): readonly CheckResult[] => {
  const alike = Map.groupBy(troubles, ({ status, why, fix }) => JSON.stringify([status, why, fix]));
  return [...alike.values()].flatMap((group) =>
    group.slice(0, 1).map(({ status, why, fix }) => {
      const resources = group.map(({ resource }) => resource).join(", ");
      return { check, status, message: `${resources}: ${why}`, fix };
    }),
  );
};

/** What is wrong with a resource; undefined where every trial ended as it should. Notes what was decided. */
const tryAll = async (
  site: Site,
  subject: DryRunSubject,
  seen: Map<Declaration, Decision>,
): Promise<Trouble | undefined> => {
  for (const declaration of declarationsFor(site, subject)) {
    const object = await objectFor(site, subject, declaration);
    const outcome = await expected(site, subject, object);
    if (outcome.reason === "no-answer")
      return {
        status: "warn",
        why: `the result that the rule requires is unknown: ${outcome.message}`,
        fix: "check that this user may create selfsubjectaccessreviews; by default every authenticated user may",
      };
    const ending = endingOf(site, subject, object, outcome, await dryRun(site, subject, object));
    if (ending.kind === "wrong")
      return { status: "fail", why: `with ${declaration} declared, ${ending.why}`, fix: fixOf(site, ending.why) };
    if (ending.kind === "prevented")
      return {
        status: "warn",
        why: `the dry run failed before our webhooks judged the object: ${ending.why}`,
        fix: `run the doctor as a user who may create the object in namespace ${site.namespace}, or name another namespace with --namespace`,
      };
    seen.set(declaration, outcome.decision);
  }
  return undefined;
};

const fixOf = ({ ours, inTree, policyName: policy }: Site, why: string): string => {
  if (!ours.mutating && !ours.validating && isInTree(inTree))
    return `check that no other webhook or policy writes the field, and replace the admission policies: ${manifestsCommand("replace", { policy, "admission-policies": true })}`;
  if (why.includes("could not find the requested resource"))
    return `the function does not know this cluster or its key: compare the hash of the key with the one in the registry, or make a new key with ${calledAs("key")} CLUSTER`;
  if (why.includes("failed calling webhook") || why.includes("failed to call webhook"))
    return "check that the function runs, that the API server can reach its URL, and that the caBundle signed its certificate";
  if (why.includes("could not be found out"))
    return "the function gets no answers from this cluster: read its log, and check its credentials in the registry with --asker-kubeconfig";
  return "check that the registry names this policy for the cluster, that the registry is deployed, and that both webhook configurations are installed";
};

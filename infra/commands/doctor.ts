import { notVerified, openCluster } from "../cluster/api-client.ts";
import { defineCommand } from "../command-line/command.ts";
import { guardUrl } from "../command-line/guard-url.ts";
import { policyOf } from "../command-line/policy-of.ts";
import { printableJson } from "../command-line/printable-json.ts";
import { type Colour, screenOf } from "../command-line/screen.ts";
import { outputOption, sharedOptions } from "../command-line/shared-options.ts";
import { tableOn } from "../command-line/table.ts";
import { UsageError } from "../command-line/usage.ts";
import { checkAdmissionPolicies } from "../doctor/admission-policies.ts";
import { checkAsker, checkAskerExcess } from "../doctor/check-asker.ts";
import {
  checkCaBundle,
  checkFailurePolicy,
  checkInstalled,
  checkPolicy,
  checkUrl,
} from "../doctor/check-configurations.ts";
import { checkDryRuns } from "../doctor/check-dry-runs.ts";
import { checkOtherWriters } from "../doctor/check-other-writers.ts";
import { type CheckResult, type CheckStatus, warn } from "../doctor/check-result.ts";
import { checkFunction, checkRoundTrip } from "../doctor/check-round-trips.ts";
import { checkStatusSubresources } from "../doctor/check-status-subresources.ts";
import { checkVersions } from "../doctor/check-versions.ts";
import { inspectSite, type Site } from "../doctor/site.ts";

const checks: readonly ((site: Site) => Promise<readonly CheckResult[]>)[] = [
  checkAsker,
  checkAskerExcess,
  checkInstalled,
  checkAdmissionPolicies,
  checkUrl,
  checkPolicy,
  checkFailurePolicy,
  checkCaBundle,
  checkVersions,
  checkStatusSubresources,
  checkOtherWriters,
  checkFunction,
  checkDryRuns,
  checkRoundTrip,
];

export const doctor = defineCommand({
  synopsis: "[options]",
  options: {
    kubeconfig: {
      ...sharedOptions.kubeconfig,
      text: `${sharedOptions.kubeconfig.text}. Its user needs list on mutating- and validatingwebhookconfigurations, and on mutating- and validatingadmissionpolicies and their bindings, get on customresourcedefinitions, and, for dry runs, create on what the policy guards`,
    },
    context: sharedOptions.context,
    url: {
      value: "URL",
      text: "also call the function here: https://HOST/clusters/CLUSTER/KEY; the key is not shown",
    },
    policy: sharedOptions.policy,
    "asker-kubeconfig": {
      value: "FILE",
      text: "the registry of the function, to check the identity that it asks the cluster as",
    },
    "asker-context": sharedOptions.context,
    namespace: {
      value: "NAME",
      default: "default",
      text: "the namespace of the objects that are created as dry runs (default)",
    },
    output: outputOption("table", "json"),
  },
  notes:
    "Exit status: 0 every check passed or only warned, 1 a check failed, 2 a wrong argument, or a cluster that cannot be read.",
  run: async ({ values }) => {
    const { kubeconfig, context, output, "asker-kubeconfig": askerFile, "asker-context": askerContext } = values;
    if (askerContext !== undefined && askerFile === undefined)
      throw new UsageError("--asker-context is one of an --asker-kubeconfig; give that too");
    const api = openCluster(kubeconfig, context);
    const asker = askerFile === undefined ? undefined : openCluster(askerFile, askerContext, { asks: true });
    const url = values.url === undefined ? undefined : guardUrl("--url", values.url);
    const policy = policyOf(values.policy);
    const site = await inspectSite({ api, asker, policy, url, namespace: values.namespace, policyName: values.policy });

    const results: CheckResult[] = api.insecure
      ? [warn("connection", notVerified(api), "give its certificate-authority-data in the kubeconfig instead")]
      : [];
    for (const check of checks) results.push(...(await check(site)));
    api.close();
    asker?.close();
    console.log(output === "json" ? printableJson(results) : asTable(results));
    if (results.some(({ status }) => status === "fail")) process.exitCode = 1;
  },
});

const colours: Readonly<Record<CheckStatus, Colour>> = {
  ok: "green",
  warn: "yellow",
  fail: "red",
};

const asTable = (results: readonly CheckResult[]): string => {
  const rows = results.map(({ check, status, message, fix }) => [
    { text: status, colour: colours[status] },
    check,
    { text: message, note: fix && `fix: ${fix}` },
  ]);
  const count = (wanted: CheckStatus): number => results.filter(({ status }) => status === wanted).length;
  const table = tableOn(screenOf(process.stdout), ["STATUS", "CHECK", "MESSAGE"])(rows);
  return `${table}\n${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed`;
};

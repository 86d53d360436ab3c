import { styleText } from "node:util";
import { printable } from "../../lib/meta/index.ts";
import { notVerified, openCluster } from "../cluster/api-client.ts";
import { guardUrl } from "../command-line/guard-url.ts";
import { plainTable } from "../command-line/plain-table.ts";
import { policyOf } from "../command-line/policy-of.ts";
import { readArguments, run, UsageError } from "../command-line/usage.ts";
import { checkInTree } from "../doctor/admission-policies.ts";
import { checkAsker, checkAskerExcess } from "../doctor/asker.ts";
import { checkCaBundle, checkFailurePolicy, checkInstalled, checkPolicy, checkUrl } from "../doctor/configurations.ts";
import { checkDryRuns } from "../doctor/dry-runs.ts";
import { checkOtherWriters } from "../doctor/other-writers.ts";
import { type CheckResult, type CheckStatus, warn } from "../doctor/result.ts";
import { checkFunction, checkRoundTrip } from "../doctor/round-trips.ts";
import { type Site, visit } from "../doctor/site.ts";
import { checkStatusSubresources } from "../doctor/status-subresources.ts";
import { checkVersions } from "../doctor/versions.ts";

const help = `Looks at a guarded cluster from outside, and says what is wrong and what to do about it. It changes nothing.

usage: npm run -s doctor -- [options]

  --kubeconfig FILE        the cluster ($KUBECONFIG, else ~/.kube/config, as kubectl takes them). Its user needs list on
                           mutating- and validatingwebhookconfigurations, and on mutating- and
                           validatingadmissionpolicies and their bindings, get on
                           customresourcedefinitions, and, for dry runs, create on what the policy guards
  --context NAME           of that kubeconfig (its current one)
  --url URL                https://HOST/clusters/CLUSTER/KEY, as the function is reached, to call it too; the key is
                           not shown
  --policy NAME|FILE       what is guarded (razee)
  --asker-kubeconfig FILE  the function's registry, to look at the identity that it asks as
  --asker-context NAME     of that kubeconfig (its current one)
  --namespace NAME         where objects are created as dry runs (default)
  -o table|json            (table)

Exit status: 0 all is well, or only warnings, 1 something failed, 2 a wrong argument, or a cluster that cannot be read.`;

const checks: readonly ((site: Site) => Promise<readonly CheckResult[]>)[] = [
  checkAsker,
  checkAskerExcess,
  checkInstalled,
  checkInTree,
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

const doctor = async (): Promise<void> => {
  const { values } = readArguments(
    {
      kubeconfig: { type: "string" },
      context: { type: "string" },
      url: { type: "string" },
      policy: { type: "string" },
      "asker-kubeconfig": { type: "string" },
      "asker-context": { type: "string" },
      namespace: { type: "string", default: "default" },
      output: { type: "string", short: "o", default: "table" },
    },
    help,
  );
  const { kubeconfig, context, output, "asker-kubeconfig": askerFile, "asker-context": askerContext } = values;
  if (output !== "table" && output !== "json") throw new UsageError(`-o ${output} is not table or json`);
  if (askerContext !== undefined && askerFile === undefined)
    throw new UsageError("--asker-context is one of an --asker-kubeconfig; give that too");
  const api = openCluster(kubeconfig, context);
  const asker = askerFile === undefined ? undefined : openCluster(askerFile, askerContext, { asks: true });
  const url = values.url === undefined ? undefined : guardUrl("--url", values.url);
  const policy = policyOf(values.policy);
  const site = await visit({ api, asker, policy, url, namespace: values.namespace, policyName: values.policy });

  const results: CheckResult[] = api.insecure
    ? [warn("connection", notVerified(api), "give its certificate-authority-data in the kubeconfig instead")]
    : [];
  for (const check of checks) results.push(...(await check(site)));
  api.close();
  asker?.close();
  console.log(output === "json" ? printableJson(results) : asTable(results));
  if (results.some(({ status }) => status === "fail")) process.exitCode = 1;
};

const colours: Readonly<Record<CheckStatus, Parameters<typeof styleText>[0]>> = {
  ok: "green",
  warn: "yellow",
  fail: "red",
};

const asTable = (results: readonly CheckResult[]): string => {
  const { stdout: stream } = process;
  const rows = results.flatMap(({ check, status, message, fix }) => [
    [styleText(colours[status], status, { stream }), check, printable(message)],
    ...(fix ? [["", "", styleText("dim", `fix: ${printable(fix)}`, { stream })]] : []),
  ]);
  const count = (wanted: CheckStatus): number => results.filter(({ status }) => status === wanted).length;
  return `${plainTable(rows)}\n\n${count("ok")} ok, ${count("warn")} to look at, ${count("fail")} failed`;
};

/** Names of the cluster may hold what a terminal obeys; as an escape it is the same JSON. */
const printableJson = (value: unknown): string => JSON.stringify(value, null, 2).split("\n").map(printable).join("\n");

if (import.meta.main) await run(doctor);

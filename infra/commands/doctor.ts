import { openConnection } from "../../functions/cluster/connection.ts";
import { openActor } from "../../functions/proxy/open-actor.ts";
import { type ApiClient, notVerified, openCluster } from "../cluster/api-client.ts";
import { caBundleOf } from "../command-line/ca-bundle-of.ts";
import { type CommandLine, defineCommand } from "../command-line/command.ts";
import { naming } from "../command-line/files.ts";
import { guardUrl } from "../command-line/guard-url.ts";
import { chooseContext } from "../command-line/kubeconfig-files.ts";
import { policyOf } from "../command-line/policy-of.ts";
import { printableJson } from "../command-line/printable-json.ts";
import { proxyUrl } from "../command-line/proxy-url.ts";
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
import { checkEmptyFields } from "../doctor/check-empty-fields.ts";
import { checkOtherWriters } from "../doctor/check-other-writers.ts";
import { checkPaths } from "../doctor/check-paths.ts";
import type { AccountsOfProxy } from "../doctor/check-proxy-actor.ts";
import { checkRazeeConfig } from "../doctor/check-razee-config.ts";
import { type CheckResult, type CheckStatus, warn } from "../doctor/check-result.ts";
import { checkFunction, checkRoundTrip } from "../doctor/check-round-trips.ts";
import { checkStatusSubresources } from "../doctor/check-status-subresources.ts";
import { checkVersions } from "../doctor/check-versions.ts";
import { examineProxy } from "../doctor/examine-proxy.ts";
import { openProxySite } from "../doctor/proxy-site.ts";
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
  checkPaths,
  checkStatusSubresources,
  checkRazeeConfig,
  checkEmptyFields,
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
      text: `${sharedOptions.kubeconfig.text}. Its user needs list on mutating- and validatingwebhookconfigurations, and on mutating- and validatingadmissionpolicies and their bindings, get on customresourcedefinitions, get on the ConfigMap razeedeploy-config where the policy has Razee's resources, list on deployments where it has emptyStandsFor, and, for dry runs, create on what the policy guards`,
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
      text: "the namespace of the objects that are created as dry runs (default)",
    },
    proxy: {
      value: "URL",
      text: "check the impersonating proxy of the cluster instead, from outside: https://HOST/k8s/clusters/NAME. The credential of the kubeconfig goes to both. --ca-bundle, --audit-log and the options of the actor go with it",
    },
    "ca-bundle": { value: "FILE", text: "the CA of the proxy's certificate, PEM (the roots of the system)" },
    "audit-log": {
      value: "FILE",
      text: "the API server's audit log, in which the identities of a request are looked for",
    },
    actor: { value: "USER", text: "the proxy's acting user in its kubeconfig, to check what it may do" },
    "actor-kubeconfig": { value: "FILE", text: "the proxy's kubeconfig (the same as --kubeconfig)" },
    "actor-context": {
      ...sharedOptions.context,
      text: `${sharedOptions.context.text}; its user is the account that asks for the proxy`,
    },
    output: outputOption("table", "json"),
  },
  notes:
    "Exit status: 0 every check passed or only warned, 1 a check failed, 2 a wrong argument, or a cluster that cannot be read.",
  run: async ({ values }) => {
    refuseMixed(values);
    const results =
      values.proxy === undefined ? await examineWebhook(values) : await examineProxyOf(values.proxy, values);
    console.log(values.output === "json" ? printableJson(results) : asTable(results));
    if (results.some(({ status }) => status === "fail")) process.exitCode = 1;
  },
});

type Values = CommandLine<(typeof doctor)["options"]>["values"];

const ofTheWebhook = ["url", "policy", "asker-kubeconfig", "asker-context", "namespace"] as const;
const ofTheProxy = ["ca-bundle", "audit-log", "actor", "actor-kubeconfig", "actor-context"] as const;

/** Refuses an option that would have no effect. */
const refuseMixed = (values: Values): void => {
  const given = (names: readonly (keyof Values)[]) => names.find((name) => values[name] !== undefined);
  const [meaningless, alone] = [given(ofTheWebhook), given(ofTheProxy)];
  if (values.proxy !== undefined && meaningless !== undefined)
    throw new UsageError(`--${meaningless} means nothing with --proxy: it is about the webhook; leave it out`);
  if (values.proxy === undefined && alone !== undefined)
    throw new UsageError(`--${alone} goes with --proxy; give that too, or leave --${alone} out`);
  if (values["asker-context"] !== undefined && values["asker-kubeconfig"] === undefined)
    throw new UsageError("--asker-context is one of an --asker-kubeconfig; give that too");
  for (const option of ["actor-kubeconfig", "actor-context"] as const)
    if (values[option] !== undefined && values.actor === undefined)
      throw new UsageError(`--${option} is about the acting user; name it with --actor`);
};

/** The first result, where the API server is not verified. */
const connectionResults = (api: ApiClient): readonly CheckResult[] =>
  api.insecure
    ? [warn("connection", notVerified(api), "give its certificate-authority-data in the kubeconfig instead")]
    : [];

const examineWebhook = async (values: Values): Promise<readonly CheckResult[]> => {
  const { kubeconfig, context, namespace = "default", "asker-kubeconfig": askerFile } = values;
  const api = openCluster(kubeconfig, context);
  const asker = askerFile === undefined ? undefined : openCluster(askerFile, values["asker-context"], { asks: true });
  const url = values.url === undefined ? undefined : guardUrl("--url", values.url);
  const policy = policyOf(values.policy);
  const site = await inspectSite({ api, asker, policy, url, namespace, policyName: values.policy });
  const results = [...connectionResults(api)];
  for (const check of checks) results.push(...(await check(site)));
  api.close();
  asker?.close();
  return results;
};

const examineProxyOf = async (proxy: string, values: Values): Promise<readonly CheckResult[]> => {
  const { kubeconfig, context, actor, "ca-bundle": caFile, "audit-log": auditLog } = values;
  const url = proxyUrl("--proxy", proxy);
  const api = openCluster(kubeconfig, context);
  const ca = caFile === undefined ? undefined : caBundleOf(caFile);
  const accounts = actor === undefined ? undefined : openAccounts(actor, values);
  const site = await openProxySite({ api, url, ca, auditLog, accounts });
  const results = [...connectionResults(api), ...(await examineProxy(site))];
  for (const opened of [api, accounts?.asking, accounts?.acting, site.direct, site.through]) opened?.close();
  return results;
};

/** The two accounts of a proxy: the user of a context of its kubeconfig asks, another one acts. */
const openAccounts = (user: string, values: Values): AccountsOfProxy => {
  const file = values["actor-kubeconfig"] ?? values.kubeconfig;
  const { kubeconfig, context, origin } = chooseContext(file, values["actor-context"]);
  return naming(origin, () => ({
    asking: openConnection(kubeconfig, context),
    acting: openActor(kubeconfig, context, { user, field: "--actor" }),
  }));
};

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

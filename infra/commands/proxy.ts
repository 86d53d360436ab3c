import { relative, resolve } from "node:path";
import { noOwnAuthority, type OwnAuthority } from "../../functions/certificates/own-authority.ts";
import { anonymousExceptionOf } from "../../functions/proxy/anonymous-exception.ts";
import { followIssuers } from "../../functions/server/follow-issuers.ts";
import type { ServerLog } from "../../functions/server/log-entries.ts";
import { countingLog, openMetrics } from "../../functions/server/open-metrics.ts";
import { ownAuthorityIn } from "../../functions/server/own-authority-file.ts";
import type { ServedClusters } from "../../functions/server/served-clusters.ts";
import { isKeyHash, type KeyHash } from "../../functions/webhook/caller-key.ts";
import { type ConcludeOptions, isReservedName } from "../../lib/proxy/index.ts";
import { defineCommand } from "../command-line/command.ts";
import { naming, readText } from "../command-line/files.ts";
import { checkHost, portOf, tlsFilesOf } from "../command-line/server-options.ts";
import { sharedOptions } from "../command-line/shared-options.ts";
import { UsageError } from "../command-line/usage.ts";
import { localIdentity } from "../local/local-identity.ts";
import { logToStderr, serveOn } from "../local/serve-on.ts";
import { fleetSource, kubeconfigSource, podSource } from "../local/server-sources.ts";

/** Below the current folder, which is the clone's for an npm script. */
const folder = resolve(".local");
const drainTime = 30_000;

/** What only makes sense with one source of clusters. */
const optionsOf = {
  actor: ["kubeconfig", "context", "at-root"],
  registry: [],
  "in-cluster": ["name", "actor-token-file", "policy", "key-hash"],
} as const;

type Source = keyof typeof optionsOf;

export const proxy = defineCommand({
  synopsis: "(--actor USER | --registry FILE | --in-cluster) [options]",
  options: {
    actor: {
      value: "USER",
      text: "serve one cluster: the user of the kubeconfig that impersonates; it has a token, and may impersonate and nothing else; its token is as good as cluster-admin",
    },
    kubeconfig: sharedOptions.kubeconfig,
    context: {
      ...sharedOptions.context,
      text: `${sharedOptions.context.text}; its user asks the cluster who callers are and what they may do`,
    },
    "at-root": { text: "serve that cluster at / (at /k8s/clusters/CONTEXT)" },
    registry: {
      value: "FILE",
      text: "serve a fleet: each context with proxy.actor in its extension impersonation-admission, and the webhook for each with keys; also secretsmanager:NAME or ssm:/PATH",
    },
    "in-cluster": { text: "serve the cluster of the pod that this runs in, with its service account" },
    name: { value: "NAME", text: "the name of that cluster in paths (local)" },
    "actor-token-file": { value: "FILE", text: "the token of the account that impersonates; without it, no proxy" },
    policy: { value: "NAME|FILE", text: "the policy of the webhook in a pod; without it, no webhook" },
    "key-hash": {
      value: "SHA256",
      multiple: true,
      text: "the webhook answers only at /clusters/NAME/KEY, to callers with this key (at /mutate and /validate, to every caller)",
    },
    uid: {
      choices: ["passthrough", "impersonate"],
      text: "callers with a uid, such as service accounts, go on with their own token, or with Impersonate-Uid, which the actor must be allowed to (passthrough)",
    },
    "authentication-config": {
      value: "FILE",
      text: "accept the OIDC tokens of the issuers in this AuthenticationConfiguration, the file of the API server's option of this name; it is read again when it changes",
    },
    "reserved-name": {
      value: "NAME",
      multiple: true,
      text: "let tokens of these issuers and certificates of --client-ca name this user or group, which begins with system: (no such name); may be given several times",
    },
    "anonymous-exception": {
      value: "GROUPPREFIX/RESOURCE",
      text: "send requests for this resource that have no credential on as system:anonymous, on a cluster that refuses anonymous requests",
    },
    port: { value: "N", default: "8444", text: "listen on this port (8444)" },
    host: {
      value: "HOST",
      text: "be reachable as HOST, on every interface (localhost, on the loopback only; in a pod, every interface)",
    },
    "tls-cert": {
      value: "FILE",
      text: "serve with this certificate, PEM, which is read again when it changes; needs --tls-key (one of a CA of its own)",
    },
    "tls-key": { value: "FILE", text: "the key of --tls-cert" },
    "client-ca": {
      value: "FILE",
      text: "accept client certificates of this CA at every cluster, PEM, which is read again when it changes; the command certificate makes one (those of each cluster's own client CA)",
    },
    "metrics-port": {
      value: "N",
      text: "serve /livez, /readyz and /metrics (Prometheus) over HTTP on this port too (none)",
    },
  },
  notes:
    "Every request is a line of JSON on standard error. SIGTERM ends the server when its requests have ended, 30 s later at the latest.",
  run: async ({ values }) => {
    const { actor = "", registry = "", host, kubeconfig, context, policy } = values;
    const { "metrics-port": metricsPort, "at-root": atRoot, "actor-token-file": actorTokenFile } = values;
    const source = sourceOf(values);
    const port = portOf("--port", values.port);
    const healthPort = metricsPort === undefined ? undefined : portOf("--metrics-port", metricsPort);
    if (host !== undefined) checkHost(host);
    const tls = tlsFilesOf(values);
    const concluding = concludingOf(values);
    const reservedNames = reservedNamesOf(values);
    const keys = (values["key-hash"] ?? []).map(keyHashOf);
    const name = values.name ?? "local";
    const metrics = healthPort === undefined ? undefined : await openMetrics();
    const log: ServerLog = metrics ? countingLog(metrics, logToStderr) : logToStderr;
    const own = ownAuthorityOf(values, reservedNames, log);
    const announce = (what: string): void => console.log(`# ${what}`);
    const issuers = issuersOf(values, concluding, reservedNames, log);
    const identity = tls ? undefined : await localIdentity(folder);
    const open: Readonly<Record<Source, () => ServedClusters | Promise<ServedClusters>>> = {
      actor: () => kubeconfigSource({ actor, kubeconfig, context, atRoot, concluding, own, announce, log }),
      registry: () => fleetSource(registry, own, log),
      "in-cluster": () => podSource({ name, actorTokenFile, policy, keys, concluding, own, log }),
    };
    const clusters = await open[source]();
    const served = await serveOn(clusters, {
      ...{ port, host, healthPort, metrics, tls, authority: identity?.authority, issuers, log },
      everywhere: source === "in-cluster" && host === undefined,
    });
    for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void served.close(drainTime));
    identity?.keep();
    for (const path of clusters.paths()) announce(`listening on ${served.origin}${path}`);
    if (served.healthPort !== undefined) announce(`/livez, /readyz and /metrics are on port ${served.healthPort}`);
    if (identity) announce(`its CA is in ${relative(process.cwd(), identity.caFile)}`);
    for (const { cluster, asker, actor: acting } of served.accounts)
      announce(`${source === "registry" ? `${cluster}: ` : ""}${asker} asks, ${acting} impersonates`);
    for (const warning of served.warnings) console.error(`warning: ${warning}`);
  },
});

type Values = Parameters<(typeof proxy)["run"]>[0]["values"];

/** The one source of clusters that a command line names. */
const sourceOf = (values: Values): Source => {
  const isGiven = (name: keyof Values): boolean => values[name] !== undefined && values[name] !== false;
  const sources = (["actor", "registry", "in-cluster"] as const).filter(isGiven);
  const [source, other] = sources;
  if (source === undefined)
    throw new UsageError(
      "--actor is missing; name the user of the kubeconfig that impersonates, or serve a fleet with --registry FILE",
    );
  if (other !== undefined) throw new UsageError(`--${source} and --${other}: only one of them names the clusters`);
  for (const [needed, names] of Object.entries(optionsOf))
    for (const name of names)
      if (needed !== source && isGiven(name)) throw new UsageError(`--${name} goes with --${needed}; leave it out`);
  if (source === "registry" && (isGiven("uid") || isGiven("anonymous-exception")))
    throw new UsageError("with --registry, uid and anonymousException stand in the registry, beside proxy.actor");
  return source;
};

const reservedNamesOf = (values: Values): ReadonlySet<string> => {
  const names = new Set(values["reserved-name"]);
  for (const name of names)
    if (!isReservedName(name)) throw new UsageError(`--reserved-name ${name} does not begin with system:; remove it`);
  if (names.size > 0 && values["client-ca"] === undefined && values["authentication-config"] === undefined)
    throw new UsageError("--reserved-name goes with --client-ca or --authentication-config; leave it out");
  return names;
};

/** With a registry, the clusters say what becomes of uids, so that no token may bring one. */
const issuersOf = (values: Values, { uid }: ConcludeOptions, reservedNames: ReadonlySet<string>, log: ServerLog) => {
  const file = values["authentication-config"];
  if (file === undefined) return undefined;
  return naming(file, () => followIssuers({ file, text: readText(file) }, { uid, reservedNames }, log));
};

const ownAuthorityOf = (
  { "client-ca": file }: Values,
  reservedNames: ReadonlySet<string>,
  log: ServerLog,
): (() => OwnAuthority) =>
  file === undefined
    ? () => noOwnAuthority
    : naming(`--client-ca ${file}`, () => ownAuthorityIn(file, reservedNames, log));

const concludingOf = (values: Values): ConcludeOptions => {
  const text = values["anonymous-exception"];
  const anonymousException = text === undefined ? undefined : anonymousExceptionOf(text);
  if (text !== undefined && anonymousException === undefined)
    throw new UsageError(`--anonymous-exception ${text} is not GROUPPREFIX/RESOURCE, such as login.example.com/tokens`);
  return { uid: values.uid ?? "passthrough", ...(anonymousException && { anonymousException }) };
};

const keyHashOf = (text: string): KeyHash => {
  if (!isKeyHash(text))
    throw new UsageError("--key-hash must be sha256: and 64 hexadecimal digits, as the command key prints it");
  return text;
};

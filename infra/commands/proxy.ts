import { isIP } from "node:net";
import { relative, resolve } from "node:path";
import { openTokenIssuers } from "../../functions/oidc/open-token-issuers.ts";
import { isReservedName } from "../../lib/proxy/index.ts";
import { defineCommand } from "../command-line/command.ts";
import { naming, readText } from "../command-line/files.ts";
import { hostOf } from "../command-line/guard-url.ts";
import { sharedOptions } from "../command-line/shared-options.ts";
import { UsageError } from "../command-line/usage.ts";
import { localIdentity } from "../local/local-identity.ts";
import { serveProxy } from "../local/serve-proxy.ts";

/** Below the current folder, which is the clone's for an npm script. */
const folder = resolve(".local");
const drainTime = 30_000;

export const proxy = defineCommand({
  synopsis: "--actor USER [options]",
  options: {
    actor: {
      value: "USER",
      text: "the user of the kubeconfig that impersonates: it has a token, and may impersonate and nothing else; its token is as good as cluster-admin",
    },
    kubeconfig: sharedOptions.kubeconfig,
    context: {
      ...sharedOptions.context,
      text: `${sharedOptions.context.text}; its user asks the cluster who callers are and what they may do`,
    },
    port: { value: "N", default: "8444", text: "listen on this port (8444)" },
    host: { value: "HOST", text: "be reachable as HOST, on every interface (localhost, on the loopback only)" },
    "tls-cert": { value: "FILE", text: "serve with this certificate, PEM; needs --tls-key (one of a CA of its own)" },
    "tls-key": { value: "FILE", text: "the key of --tls-cert" },
    "at-root": { text: "serve the cluster at / (at /k8s/clusters/CONTEXT)" },
    uid: {
      choices: ["passthrough", "impersonate"],
      default: "passthrough",
      text: "callers with a uid, such as service accounts, go on with their own token, or with Impersonate-Uid, which the actor must be allowed to (passthrough)",
    },
    "authentication-config": {
      value: "FILE",
      text: "accept the OIDC tokens of the issuers in this AuthenticationConfiguration, the file of the API server's option of this name",
    },
    "reserved-name": {
      value: "NAME",
      multiple: true,
      text: "let these issuers name this user or group, which begins with system: (no such name); may be given several times",
    },
    "anonymous-exception": {
      value: "GROUPPREFIX/RESOURCE",
      text: "send requests for this resource that have no credential on as system:anonymous, on a cluster that refuses anonymous requests",
    },
  },
  notes:
    "Every request is a line of JSON on standard error. SIGTERM ends the server when its requests have ended, 30 s later at the latest.",
  run: async ({ values }) => {
    const { actor, uid, kubeconfig, context, host } = values;
    if (actor === undefined)
      throw new UsageError("--actor is missing; name the user of the kubeconfig that impersonates");
    const port = /^\d+$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65535)) throw new UsageError(`--port ${values.port} is not a port`);
    if (host !== undefined) checkHost(host);
    const cert = values["tls-cert"];
    const key = values["tls-key"];
    if ((cert === undefined) !== (key === undefined)) throw new UsageError("--tls-cert and --tls-key go together");
    const reservedNames = new Set(values["reserved-name"]);
    for (const name of reservedNames)
      if (!isReservedName(name)) throw new UsageError(`--reserved-name ${name} does not begin with system:; remove it`);
    const configuration = values["authentication-config"];
    const issuers =
      configuration === undefined
        ? undefined
        : naming(configuration, () => openTokenIssuers(readText(configuration), { uid, reservedNames }));
    const exception = exceptionOf(values["anonymous-exception"]);
    const identity = await localIdentity(folder);
    const served = await serveProxy({
      ...{ actor, kubeconfig, context, port, host, uid, atRoot: values["at-root"] },
      ...(exception && { anonymousException: exception }),
      authority: identity.authority,
      announce: (what) => console.log(`# ${what}`),
      issuers,
      tls: cert && key ? { cert: readText(cert), key: readText(key) } : undefined,
    });
    identity.keep();
    console.log(`# listening on ${served.url}`);
    if (served.ca !== undefined) console.log(`# its CA is in ${relative(process.cwd(), identity.caFile)}`);
    console.log(`# ${served.asker} asks, ${served.actor} impersonates`);
    for (const warning of served.warnings) console.error(`warning: ${warning}`);
    for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void served.close(drainTime));
  },
});

const exceptionOf = (text: string | undefined) => {
  if (text === undefined) return undefined;
  const [, groupPrefix, resource] = /^([a-z0-9.-]+)\/([a-z0-9]+)$/.exec(text) ?? [];
  if (groupPrefix === undefined || resource === undefined)
    throw new UsageError(`--anonymous-exception ${text} is not GROUPPREFIX/RESOURCE, such as login.example.com/tokens`);
  return { groupPrefix, resource };
};

/** Refuses what cannot stand in a URL and a certificate. */
const checkHost = (host: string): void => {
  const version = isIP(host);
  const text = hostOf("--host", version === 6 ? `[${host}]` : host);
  if (version === 0 && /[/:]/.test(text))
    throw new UsageError(`--host ${host} is not a name or an address; a port is given with --port`);
};

import { isIP } from "node:net";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { readText } from "../command-line/files.ts";
import { hostOf } from "../command-line/guard-url.ts";
import { readArguments, run, UsageError } from "../command-line/usage.ts";
import { localIdentity } from "../local/local-identity.ts";
import { serveProxy } from "../local/serve-proxy.ts";

const help = `Serves one cluster's API to callers whom it impersonates, over HTTPS, with HTTP/2 and HTTP/1.1.

usage: npm run proxy -- --actor USER [options]

  --actor USER                 the user of the kubeconfig that impersonates: it has a token, and may impersonate and
                               nothing else; its token is as good as cluster-admin
  --kubeconfig FILE            the cluster, and (--context NAME) the user that asks it who callers are and what they may
                               do; without one, of $KUBECONFIG, else of ~/.kube/config
  --port N                     listen on this port (8444)
  --host HOST                  be reachable as HOST, on every interface (localhost, on the loopback only)
  --tls-cert FILE              serve with this certificate, PEM, and
  --tls-key FILE               its key (a certificate of a CA of its own, kept in .local)
  --at-root                    serve the cluster at / (at /k8s/clusters/CONTEXT)
  --uid passthrough            callers with a uid, such as service accounts, go on with their own token, or
  --uid impersonate            with Impersonate-Uid, which the actor must be allowed to (passthrough)
  --anonymous-exception GROUPPREFIX/RESOURCE
                               let requests without a credential for this resource through as system:anonymous, on a
                               cluster that refuses anonymous requests

Every request is a line of JSON on standard error. SIGTERM ends the server when its requests have ended, 30 s later at
the latest.`;

const folder = fileURLToPath(new URL("../../.local/", import.meta.url));
const drainTime = 30_000;

const proxy = async (): Promise<void> => {
  const { values } = readArguments(
    {
      actor: { type: "string" },
      kubeconfig: { type: "string" },
      context: { type: "string" },
      port: { type: "string", default: "8444" },
      host: { type: "string" },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
      "at-root": { type: "boolean", default: false },
      uid: { type: "string", default: "passthrough" },
      "anonymous-exception": { type: "string" },
    },
    help,
  );
  const { actor, uid, kubeconfig, context, host } = values;
  if (actor === undefined)
    throw new UsageError("--actor is missing; name the user of the kubeconfig that impersonates");
  const port = /^\d+$/.test(values.port) ? Number(values.port) : Number.NaN;
  if (!(port <= 65535)) throw new UsageError(`--port ${values.port} is not a port`);
  if (uid !== "passthrough" && uid !== "impersonate")
    throw new UsageError(`--uid ${uid} is neither passthrough nor impersonate`);
  if (host !== undefined) checkHost(host);
  const cert = values["tls-cert"];
  const key = values["tls-key"];
  if ((cert === undefined) !== (key === undefined)) throw new UsageError("--tls-cert and --tls-key go together");
  const exception = exceptionOf(values["anonymous-exception"]);
  const identity = await localIdentity(folder);
  const served = await serveProxy({
    ...{ actor, kubeconfig, context, port, host, uid, atRoot: values["at-root"] },
    ...(exception && { anonymousException: exception }),
    authority: identity.authority,
    announce: (what) => console.log(`# ${what}`),
    tls: cert && key ? { cert: readText(cert), key: readText(key) } : undefined,
  });
  identity.keep();
  console.log(`# listening on ${served.url}`);
  if (served.ca !== undefined) console.log(`# its CA is in ${relative(process.cwd(), identity.caFile)}`);
  console.log(`# ${served.asker} asks, ${served.actor} impersonates`);
  for (const warning of served.warnings) console.error(`warning: ${warning}`);
  for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => void served.close(drainTime));
};

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

if (import.meta.main) await run(proxy);

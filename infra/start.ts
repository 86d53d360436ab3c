import { mkdirSync, writeFileSync } from "node:fs";
import { isIP } from "node:net";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { webhookConfigurations } from "../lib/manifests/index.ts";
import { describeAsk, policyOf, readText } from "./local-cluster.ts";
import { serve } from "./serve.ts";
import { readArguments, run, UsageError } from "./usage.ts";
import { yamlText } from "./yaml-text.ts";

const help = `Serves the webhook over HTTPS on this machine, and prints the configurations that register it.

usage: npm start -- [options]

  --port N            listen on this port (8443)
  --host HOST         be reachable as HOST, on every interface (localhost, on the loopback only)
  --rbac FILE...      answer from these RBAC manifests (events/rbac.yaml)
  --kubeconfig FILE   ask a cluster instead
  --context NAME      of that kubeconfig (its current one); without one, of $KUBECONFIG, else of ~/.kube/config
  --policy NAME|FILE  what is guarded (razee)
  --tls-cert FILE     serve with this certificate, PEM, and
  --tls-key FILE      its key (a certificate of a throw-away CA)

Every decision is a line of JSON on standard error.`;

const folder = fileURLToPath(new URL("../.local/", import.meta.url));

const start = async (): Promise<void> => {
  const { values } = readArguments(
    {
      port: { type: "string", default: "8443" },
      host: { type: "string" },
      rbac: { type: "string", multiple: true },
      kubeconfig: { type: "string" },
      context: { type: "string" },
      policy: { type: "string", default: "razee" },
      "tls-cert": { type: "string" },
      "tls-key": { type: "string" },
    },
    help,
  );
  const port = /^\d+$/.test(values.port) ? Number(values.port) : Number.NaN;
  if (!(port <= 65535)) throw new UsageError(`--port ${values.port} is not a port`);
  if (values.host !== undefined && !isIP(values.host) && !/^[A-Za-z0-9.-]+$/.test(values.host))
    throw new UsageError(`--host ${values.host} is not a name or an address`);
  const cert = values["tls-cert"];
  const key = values["tls-key"];
  if ((cert === undefined) !== (key === undefined)) throw new UsageError("--tls-cert and --tls-key go together");
  const { url, ca } = await serve({
    ...values,
    port,
    tls: cert && key ? { cert: readText(cert), key: readText(key) } : undefined,
  });
  console.log(`# listening on ${url}, ${describeAsk(values)}`);
  if (ca) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}ca.pem`, ca);
    console.log(`# its CA is in ${relative(process.cwd(), `${folder}ca.pem`)}`);
  }
  const policy = policyOf(values.policy);
  const caBundle = Buffer.from(ca ?? "").toString("base64");
  const configurations = webhookConfigurations({ policy, client: { url }, ...(caBundle ? { caBundle } : {}) });
  console.log(yamlText(configurations).trimEnd());
};

if (import.meta.main) await run(start);

import { isIP } from "node:net";
import { relative, resolve } from "node:path";
import { webhookConfigurations } from "../../lib/manifests/index.ts";
import { defineCommand } from "../command-line/command.ts";
import { readText } from "../command-line/files.ts";
import { hostOf } from "../command-line/guard-url.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { policyOf } from "../command-line/policy-of.ts";
import { answerOptions, sharedOptions } from "../command-line/shared-options.ts";
import { UsageError } from "../command-line/usage.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import { describeAsk } from "../local/local-cluster.ts";
import { localIdentity } from "../local/local-identity.ts";
import { serve } from "../local/serve.ts";

/** Below the current folder, which is the clone's for an npm script. */
const folder = resolve(".local");

export const start = defineCommand({
  synopsis: "[options]",
  options: {
    port: { value: "N", default: "8443", text: "listen on this port (8443)" },
    host: {
      value: "HOST",
      text: "be reachable as HOST, on every interface, with a key in the URL (localhost, on the loopback only, without a key)",
    },
    ...answerOptions,
    policy: sharedOptions.policy,
    "tls-cert": { value: "FILE", text: "serve with this certificate, PEM; needs --tls-key (one of a CA of its own)" },
    "tls-key": { value: "FILE", text: "the key of --tls-cert" },
  },
  notes:
    "The CA and the key are kept in .local in the current folder, so that what is registered holds after a restart. Every decision is a line of JSON on standard error.",
  run: async ({ values }) => {
    const port = /^\d+$/.test(values.port) ? Number(values.port) : Number.NaN;
    if (!(port <= 65535)) throw new UsageError(`--port ${values.port} is not a port`);
    if (values.host !== undefined) checkHost(values.host);
    const cert = values["tls-cert"];
    const key = values["tls-key"];
    if ((cert === undefined) !== (key === undefined)) throw new UsageError("--tls-cert and --tls-key go together");
    const identity = await localIdentity(folder);
    const { url, ca } = await serve({
      ...values,
      port,
      key: identity.key,
      authority: identity.authority,
      tls: cert && key ? { cert: readText(cert), key: readText(key) } : undefined,
    });
    identity.keep();
    console.log(`# listening on ${url}, ${describeAsk(values)}`);
    const caFile = ca && relative(process.cwd(), identity.caFile);
    if (caFile) console.log(`# its CA is in ${caFile}`);
    const { kubeconfig, context, policy: policyName } = values;
    const command = { url, policy: policyName, kubeconfig, context };
    console.log(`# to register it: ${manifestsCommand("apply", { ...command, "ca-bundle": caFile })}`);
    console.log(`# to undo it: ${manifestsCommand("delete", command)}`);
    const policy = policyOf(policyName);
    const caBundle = Buffer.from(ca ?? "").toString("base64");
    const configurations = webhookConfigurations({ policy, client: { url }, ...(caBundle ? { caBundle } : {}) });
    console.log(yamlText(configurations).trimEnd());
  },
});

/** Refuses a host that cannot be part of a URL and of a certificate, or that a cluster cannot call. */
const checkHost = (host: string): void => {
  const version = isIP(host);
  const text = hostOf("--host", version === 6 ? `[${host}]` : host);
  if (version === 0 && /[/:]/.test(text))
    throw new UsageError(`--host ${host} is not a name or an address; a port is given with --port`);
  if (/^(0\.0\.0\.0|\[::\])$/.test(text))
    throw new UsageError(
      `--host ${host} is every address of this machine, and none that a cluster can call; give the one that it calls, such as --host 172.17.0.1`,
    );
};

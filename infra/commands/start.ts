import { relative, resolve } from "node:path";
import { webhookConfigurations } from "../../lib/manifests/index.ts";
import { defineCommand } from "../command-line/command.ts";
import { readText } from "../command-line/files.ts";
import { manifestsCommand } from "../command-line/manifests-command.ts";
import { policyOf } from "../command-line/policy-of.ts";
import { checkHost, portOf, tlsFilesOf } from "../command-line/server-options.ts";
import { answerOptions, sharedOptions } from "../command-line/shared-options.ts";
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
    const port = portOf("--port", values.port);
    if (values.host !== undefined) checkHost(values.host);
    const tls = tlsFilesOf(values);
    const identity = await localIdentity(folder);
    const { url, ca } = await serve({
      ...values,
      port,
      key: identity.key,
      authority: identity.authority,
      tls: tls && { cert: readText(tls.certFile), key: readText(tls.keyFile) },
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

import { isClusterName } from "../../functions/registry/cluster-name.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { defineCommand } from "../command-line/command.ts";
import { hostOf } from "../command-line/guard-url.ts";
import { calledAs } from "../command-line/installation.ts";
import { outputOption } from "../command-line/shared-options.ts";
import { UsageError } from "../command-line/usage.ts";
import { newKey } from "../local/new-key.ts";

export const key = defineCommand({
  synopsis: "CLUSTER [options]",
  argument: { name: "CLUSTER", text: "the cluster's name in the URL" },
  options: {
    host: {
      value: "HOST",
      default: "HOST",
      text: "where the function is reached: HOST, HOST:PORT or HOST/STAGE (HOST)",
    },
    output: outputOption("text", "json"),
  },
  run: async ({ values, positionals }) => {
    const [cluster, ...more] = positionals;
    if (!cluster || more.length > 0) throw new UsageError(`give one cluster, as ${calledAs("key")} CLUSTER`);
    if (!isClusterName(cluster))
      throw new UsageError(
        `the cluster name ${cluster} cannot be part of a URL; give 1 to 63 of A-Z a-z 0-9 . _ -, but not . or ..`,
      );
    const secret = newKey();
    const url = `https://${hostOf("--host", values.host)}/clusters/${cluster}/${secret}`;
    const hash = hashOfKey(secret);
    console.log(
      values.output === "json"
        ? JSON.stringify({ cluster, url, hash }, null, 2)
        : `url:  ${url}\n      for the cluster: ${calledAs("manifests")} --url URL\nhash: ${hash}\n      for the registry, in the context's extension: keys: [${hash}]`,
    );
  },
});

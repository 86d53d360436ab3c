import { isClusterName } from "../../functions/registry/cluster-name.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { hostOf } from "../command-line/guard-url.ts";
import { readArguments, run, UsageError } from "../command-line/usage.ts";
import { newKey } from "../local/new-key.ts";

const help = `Makes a key for one cluster's API server, and shows where its two halves go. It is shown once and kept nowhere.

usage: npm run key -- CLUSTER [--host HOST]

  CLUSTER      the cluster's name in the URL
  --host HOST  where the function is reached: HOST, HOST:PORT or HOST/STAGE (HOST)
  -o text|json (text)`;

const key = async (): Promise<void> => {
  const { values, positionals } = readArguments(
    { host: { type: "string", default: "HOST" }, output: { type: "string", short: "o", default: "text" } },
    help,
    { allowPositionals: true },
  );
  const [cluster, ...more] = positionals;
  if (!cluster || more.length > 0) throw new UsageError(`give one cluster\n\n${help}`);
  if (!isClusterName(cluster))
    throw new UsageError(
      `the cluster ${cluster} cannot stand in a URL; it may have 63 of A-Z a-z 0-9 . _ -, and not be . or ..`,
    );
  if (values.output !== "text" && values.output !== "json")
    throw new UsageError(`-o ${values.output} is not text or json`);
  const secret = newKey();
  const url = `https://${hostOf("--host", values.host)}/clusters/${cluster}/${secret}`;
  const hash = hashOfKey(secret);
  console.log(
    values.output === "json"
      ? JSON.stringify({ cluster, url, hash }, null, 2)
      : `url:  ${url}\n      for the cluster: npm run -s manifests -- --url URL\nhash: ${hash}\n      for the registry, in the context's extension: keys: [${hash}]`,
  );
};

if (import.meta.main) await run(key);

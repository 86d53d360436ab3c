import { resolve } from "node:path";
import type { Plugin } from "esbuild";

/** An authenticator of KubeConfig that accepts no user; checked-context.ts refuses users that need it. */
const withoutUsers = (name: string) => `export class ${name} { isAuthProvider() { return false; } }`;

/** Functions that this project does not call. */
const uncalled = (...names: readonly string[]) =>
  names
    .map((name) => `export function ${name}() { throw new Error("${name} is left out of this bundle"); }`)
    .join("\n");

/** Replacements for modules of client-node, by their path in its `dist`. */
const replaced: Readonly<Record<string, string>> = {
  // Only the part that makes request options.
  "index.js": `export * from "./config.js";`,
  // functions/cluster/kubeconfig.ts reads kubeconfigs.
  "yaml.js": uncalled("loadYaml", "dumpYaml"),
  "gen/index.js": uncalled("createConfiguration", "ServerConfiguration"),
  "middleware.js": uncalled("setHeaderMiddleware"),
  "config_types.js": uncalled(
    ...["exportCluster", "exportContext", "exportUser"],
    ...["newClusters", "newContexts", "newUsers", "ActionOnInvalid"],
  ),
  "azure_auth.js": withoutUsers("AzureAuth"),
  // functions/cluster/exec-plugin.ts runs plugins, and functions/cluster/credentials.ts reads tokens.
  "exec_auth.js": withoutUsers("ExecAuth"),
  "file_auth.js": withoutUsers("FileAuth"),
  "gcp_auth.js": withoutUsers("GoogleCloudPlatformAuth"),
  "oidc_auth.js": withoutUsers("OpenIDConnectAuth"),
  // Only its version is read, for a User-Agent that is not sent.
  "../package.json": "{}",
};

/**
 * The modules that client-node may import. Its other packages serve proxies, web sockets and its own HTTP library; the other built-in
 * modules serve proxies, http: servers and plugins, and cost milliseconds of every cold start.
 */
const used = ["node:fs", "node:https", "node:path", "url"];

/** A package that throws when one of its functions is called, not when it is loaded. */
const absent = (name: string) => `
const absent = function () { throw new Error(${JSON.stringify(`${name} is left out of this bundle`)}); };
module.exports = new Proxy({}, { get: (_, key) => key === "__esModule" ? false : absent });`;

const inClientNode = /[\\/]@kubernetes[\\/]client-node[\\/]/;

/**
 * An esbuild plugin that keeps only one part of @kubernetes/client-node (1.4 MB in a bundle): the code that makes request options of a
 * cluster and a user. It fits a program that reads kubeconfigs itself, and refuses proxies and auth-providers. A program that needs another
 * part fails to build.
 */
export function slimClientNode(): Plugin {
  return {
    name: "slim-client-node",
    setup: (build) => {
      build.onResolve({ filter: /^[^./]/ }, ({ path, importer }) =>
        inClientNode.test(importer) && !used.includes(path)
          ? { path, namespace: "absent", sideEffects: false }
          : undefined,
      );
      build.onLoad({ filter: /.*/, namespace: "absent" }, ({ path }) => ({ contents: absent(path) }));
      build.onLoad({ filter: /[\\/]client-node[\\/](package\.json|dist[\\/].*\w+\.js)$/ }, ({ path }) => {
        const dist = path.replace(/([\\/]client-node[\\/]).*$/, "$1dist");
        const found = Object.entries(replaced).find(([module]) => resolve(dist, module) === path);
        return found && { contents: found[1], loader: path.endsWith(".json") ? "json" : "js" };
      });
    },
  };
}

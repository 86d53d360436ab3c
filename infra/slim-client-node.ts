import { resolve } from "node:path";
import type { Plugin } from "esbuild";

/** An authenticator of KubeConfig that takes no user; usable-context.ts refuses theirs. */
const nobodys = (name: string) => `export class ${name} { isAuthProvider() { return false; } }`;

/** What makes clients of APIs, and nobody calls. */
const uncalled = (...names: readonly string[]) =>
  names
    .map((name) => `export function ${name}() { throw new Error("${name} is left out of this bundle"); }`)
    .join("\n");

/** Modules of client-node that are written anew, by their path in its `dist`. */
const replaced: Readonly<Record<string, string>> = {
  // Only kubeconfigs.
  "index.js": `export * from "./config.js";`,
  // Without writing.
  "yaml.js": `export { load as loadYaml } from "js-yaml";`,
  "gen/index.js": uncalled("createConfiguration", "ServerConfiguration"),
  "middleware.js": uncalled("setHeaderMiddleware"),
  "azure_auth.js": nobodys("AzureAuth"),
  // functions/access/exec-plugin.ts runs plugins.
  "exec_auth.js": nobodys("ExecAuth"),
  "gcp_auth.js": nobodys("GoogleCloudPlatformAuth"),
  "oidc_auth.js": nobodys("OpenIDConnectAuth"),
  // Only its version is read, for a User-Agent that nobody sends.
  "../package.json": "{}",
};

/**
 * What client-node may import. The other packages serve proxies, web sockets and its own HTTP library; the other built-in modules serve
 * proxies, http: servers and plugins that it would run itself, and cost milliseconds of every cold start.
 */
const used = ["js-yaml", "node:fs", "node:https", "node:path", "url"];

/** A package that throws when something of it is called, not when it is loaded. */
const absent = (name: string) => `
const absent = function () { throw new Error(${JSON.stringify(`${name} is left out of this bundle`)}); };
module.exports = new Proxy({}, { get: (_, key) => key === "__esModule" ? false : absent });`;

const inClientNode = /[\\/]@kubernetes[\\/]client-node[\\/]/;

/**
 * An esbuild plugin that leaves out of @kubernetes/client-node (1.4 MB in a bundle) all but the reading of kubeconfigs. It fits a program
 * with an HTTP library of its own that refuses proxies and auth-providers. What a program misses because of it is a build error, not a
 * surprise at run time.
 */
export const slimClientNode = (): Plugin => ({
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
});

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Plugin } from "esbuild";

/** An authenticator of KubeConfig that takes no user; usable-context.ts refuses theirs. */
const nobodys = (name: string) => `export class ${name} { isAuthProvider() { return false; } }`;

/** Modules of client-node that are written anew, by their path in its `dist`. */
const replaced: Readonly<Record<string, string>> = {
  // Without exec, attach, watch, informers and the like.
  "index.js": `export * from "./config.js"; export * from "./api.js"; export * from "./yaml.js";`,
  // Without writing.
  "yaml.js": `export { load as loadYaml } from "js-yaml";`,
  // 1,300 classes that only carry types to TypeScript and names to the serializer.
  "gen/models/all.js": "",
  "gen/models/ObjectSerializer.js": `export const ObjectSerializer = {
    serialize: (data) => data,
    deserialize: (data) => data,
    normalizeMediaType: (mediaType) => mediaType,
    getPreferredMediaType: () => "application/json",
    stringify: (data) => JSON.stringify(data),
    parse: (text) => JSON.parse(text),
  };`,
  "azure_auth.js": nobodys("AzureAuth"),
  // functions/access/exec-plugin.ts runs plugins.
  "exec_auth.js": nobodys("ExecAuth"),
  "gcp_auth.js": nobodys("GoogleCloudPlatformAuth"),
  "oidc_auth.js": nobodys("OpenIDConnectAuth"),
  // Only its version is read, for a User-Agent that access.ts replaces.
  "../package.json": "{}",
};

/** Modules of which only the methods for SubjectAccessReviews are kept: a bundler cannot know that nobody calls the others. */
const trimmed = ["gen/apis/AuthorizationV1Api.js", "gen/types/ObservableAPI.js", "gen/types/ObjectParamAPI.js"];

/** The generator writes every method with four spaces in front of its first and its last line. */
const trim = (text: string): string =>
  text.replace(
    /^ {4}(?:async )?(?!constructor\b|createSubjectAccessReview(?:WithHttpInfo)?\()\w+\(.*\) \{\n[\s\S]*?^ {4}\}\n/gm,
    "",
  );

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
 * An esbuild plugin that leaves out of @kubernetes/client-node (1.4 MB in a bundle) what a SubjectAccessReview does not need. It fits a
 * program with an HTTP library of its own that refuses proxies and auth-providers; answers are plain JSON then, no model classes. What a
 * program misses because of it is a build error, not a surprise at run time.
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
    build.onLoad({ filter: /[\\/]client-node[\\/](package\.json|dist[\\/].*\w+\.js)$/ }, async ({ path }) => {
      const dist = path.replace(/([\\/]client-node[\\/]).*$/, "$1dist");
      const found = Object.entries(replaced).find(([module]) => resolve(dist, module) === path);
      if (found) return { contents: found[1], loader: path.endsWith(".json") ? "json" : "js" };
      if (!trimmed.some((module) => resolve(dist, module) === path)) return undefined;
      return { contents: trim(await readFile(path, "utf8")), loader: "js" };
    });
  },
});

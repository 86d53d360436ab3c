import type { Plugin } from "esbuild";

/** The file beside a bundle that reads YAML. */
export const yamlFile = "yaml.js";

/**
 * An esbuild plugin for CommonJS: what reads YAML, a third of what would be bundled, stays outside, and is loaded when the first YAML is
 * read. A registry in JSON never does, which spares a cold start several milliseconds.
 */
export function lazyYaml(): Plugin {
  return {
    name: "lazy-yaml",
    setup: (build) => {
      build.onResolve({ filter: /\/compose-yaml\.ts$/ }, () => ({
        path: yamlFile,
        namespace: "lazy-yaml",
        sideEffects: false,
      }));
      build.onResolve({ filter: /./, namespace: "lazy-yaml" }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /./, namespace: "lazy-yaml" }, () => ({
        contents: `export const composeYaml = (text) => require("./${yamlFile}").composeYaml(text);`,
      }));
    },
  };
}

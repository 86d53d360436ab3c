import type { Plugin } from "esbuild";

/** The file beside a bundle that reads YAML. */
export const yamlFile = "yaml.js";

/**
 * An esbuild plugin for CommonJS: the YAML parser, a third of the bundle's bytes, goes to a file of its own, which is loaded when the first
 * YAML is read. A registry in JSON never loads it, which saves several milliseconds of a cold start.
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
        contents: `export const composeYaml = (text, options) => require("./${yamlFile}").composeYaml(text, options);`,
      }));
    },
  };
}

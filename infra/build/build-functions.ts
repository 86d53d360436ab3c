import { mkdir, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { builtPolicies } from "./built-policies.ts";
import { type LazyFile, lazyFile } from "./lazy-file.ts";
import { slimClientNode } from "./slim-client-node.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A third of the webhook's bytes. A registry in JSON never loads it, which saves several milliseconds of a cold start. */
const yaml: LazyFile = { source: "compose-yaml", exported: "composeYaml", file: "yaml.js" };
/** Loaded where the proxy has issuers of its own. */
const oidc: LazyFile = { source: "open-token-issuers", exported: "openTokenIssuers", file: "oidc.js" };

/**
 * The files that are deployed, and the most bytes of each: a cold start reads and compiles all of the first. Lambda calls the second. It is
 * an ES module, because the runtime waits only for the top-level await of an ES module.
 */
const bundles: Readonly<Record<string, { readonly budget: number } & BuildOptions>> = {
  "admission.js": {
    budget: 98_000,
    entryPoints: ["functions/admission.ts"],
    plugins: [slimClientNode(), builtPolicies(), lazyFile(yaml)],
  },
  "lambda.mjs": { budget: 300, entryPoints: ["functions/lambda.ts"], bundle: false, format: "esm" },
  "proxy-function.js": {
    budget: 116_000,
    entryPoints: ["functions/proxy-function.ts"],
    plugins: [slimClientNode(), lazyFile(yaml), lazyFile(oidc)],
  },
  "proxy-lambda.mjs": { budget: 300, entryPoints: ["functions/proxy-lambda.ts"], bundle: false, format: "esm" },
  [yaml.file]: { budget: 50_000, entryPoints: ["functions/yaml/compose-yaml.ts"] },
  [oidc.file]: {
    budget: 40_000,
    entryPoints: ["functions/oidc/open-token-issuers.ts"],
    plugins: [lazyFile(yaml)],
  },
};

/** Its bytes are outside the budget: a deployment has as many policies as it needs. */
const policyModule = "functions/policies/index.ts";

/** Replaces a file in one step: tests and commands build it while others load it. */
const replaceFile = async (file: string, content: string | Uint8Array): Promise<void> => {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, file);
};

/**
 * Bundles the function into `dist/`, next to a package.json that declares CommonJS, because an ES module that imports `node:http`
 * pays 40 ms for it at every cold start (nodejs/node#59686). Leaves everything else in `dist/` alone. Throws when a file is over its
 * budget.
 *
 * @param report takes one line for every file: its bytes
 * @returns the paths of the source files in the bundles
 */
export async function buildFunctions(report: (line: string) => void = () => {}): Promise<readonly string[]> {
  const inputs: string[] = [];
  await import("../../functions/policies/index.ts"); // which throws where a policy says something wrong
  await mkdir(`${root}dist`, { recursive: true });
  await replaceFile(`${root}dist/package.json`, `${JSON.stringify({ type: "commonjs" })}\n`);
  for (const [name, { budget, ...options }] of Object.entries(bundles)) {
    const outfile = `dist/${name}`;
    const { outputFiles = [], metafile } = await build({
      absWorkingDir: root,
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      target: "node24",
      // V8 parses the body of an arrow function twice: without arrow functions a cold start compiles a third less.
      supported: { arrow: false },
      format: "cjs",
      mainFields: ["module", "main"],
      charset: "utf8",
      legalComments: "none",
      logLevel: "warning",
      write: false,
      metafile: true,
      ...options,
    });
    const policies = metafile?.outputs[outfile]?.inputs[policyModule]?.bytesInOutput ?? 0;
    for (const { contents } of outputFiles) {
      const code = contents.length - policies;
      report(`${outfile}: ${code} bytes of ${budget}${policies > 0 ? `, and ${policies} of policies` : ""}`);
      if (code > budget) throw new Error(`${outfile} is ${code - budget} bytes over its budget`);
      await replaceFile(`${root}${outfile}`, contents);
    }
    inputs.push(...Object.keys(metafile?.inputs ?? {}));
  }
  return inputs;
}

import { mkdir, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build } from "esbuild";
import { builtPolicies } from "./built-policies.ts";
import { lazyYaml, yamlFile } from "./lazy-yaml.ts";
import { slimClientNode } from "./slim-client-node.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/**
 * What is deployed, and the most bytes that each file may have: a cold start reads and compiles all of the first. The second is what Lambda
 * calls, an ES module, because only for one does the runtime wait.
 */
const bundles: Readonly<Record<string, { readonly budget: number } & BuildOptions>> = {
  "admission.js": {
    budget: 91_000,
    entryPoints: ["functions/admission.ts"],
    plugins: [slimClientNode(), builtPolicies(), lazyYaml()],
  },
  "lambda.mjs": { budget: 300, entryPoints: ["functions/lambda.ts"], bundle: false, format: "esm" },
  [yamlFile]: { budget: 50_000, entryPoints: ["functions/yaml/compose-yaml.ts"] },
};

/** Its bytes are outside the budget: a deployment has as many policies as it needs. */
const policyModule = "functions/policies/index.ts";

/** At no moment is the file half there: tests and commands build it at the same time as others load it. */
const replaceFile = async (file: string, content: string | Uint8Array): Promise<void> => {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, file);
};

/**
 * Bundles the function into `dist/`, next to a package.json that says what it is: CommonJS, because an ES module that imports `node:http`
 * pays 40 ms for it at every cold start (nodejs/node#59686). Leaves everything else in `dist/` alone. Throws when a file is over its
 * budget.
 *
 * @param report takes one line for every file: its bytes
 */
export async function buildFunctions(report: (line: string) => void = () => {}): Promise<void> {
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
      // V8 reads the body of an arrow function twice, a function's once: a third less to compile at a cold start.
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
  }
}

const main = async (): Promise<void> => {
  try {
    await buildFunctions(console.log);
  } catch (error) {
    if (!(error instanceof Error && error.name === "PolicyFileError")) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
};

if (import.meta.main) await main();

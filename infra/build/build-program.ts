import { cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Plugin } from "esbuild";
import { buildFunctions } from "./build-functions.ts";
import { builtPolicies } from "./built-policies.ts";
import { slimClientNode } from "./slim-client-node.ts";
import { thirdPartyNotices } from "./third-party-notices.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = "build/program";

/** The most bytes that the program may have, without the function that it ships. */
const budget = 925_000;

/** An esbuild plugin: the packed program loads the function that it ships, and has nothing to build it with. */
const shippedFunction = (): Plugin => ({
  name: "shipped-function",
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]build[\\/]load-bundle\.ts$/ }, () => ({
      contents: `import { createRequire } from "node:module"; export const loadBundle = async () => createRequire(import.meta.url)("./function/admission.js");`,
    }));
  },
});

/**
 * Bundles the command-line program into `build/program/`, with the function that `invoke` and `start` run and the licences of the bundled
 * packages, so that an installed package needs no developer dependency. The bundle is an ES module in parts: `--help` loads few
 * parts, and a command loads its own. In one CommonJS file `--help` took 44 ms of CPU time instead of 24.
 *
 * @param report takes one line: the bytes
 */
export async function buildProgram(report: (line: string) => void): Promise<void> {
  await rm(join(root, folder), { recursive: true, force: true });
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: { bin: "infra/bin.ts" },
    outdir: folder,
    chunkNames: "[name]-[hash]",
    bundle: true,
    splitting: true,
    minify: true,
    platform: "node",
    target: "node22",
    format: "esm",
    mainFields: ["module", "main"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    // Packages in CommonJS load built-in modules with require, which an ES module does not have.
    banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
    plugins: [slimClientNode(), builtPolicies(), shippedFunction()],
  });
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  report(`${folder}: ${bytes} bytes of ${budget}`);
  if (bytes > budget) throw new Error(`${folder} is ${bytes - budget} bytes over its budget`);
  const bundled = await buildFunctions();
  await mkdir(join(root, folder, "function"));
  for (const file of ["package.json", "admission.js", "yaml.js"])
    await cp(join(root, "dist", file), join(root, folder, "function", file));
  const notices = await thirdPartyNotices(root, [...Object.keys(metafile.inputs), ...bundled]);
  await writeFile(join(root, folder, "THIRD-PARTY-NOTICES.txt"), notices);
}

if (import.meta.main) await buildProgram(console.log);

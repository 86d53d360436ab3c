import { mkdir, rename, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { builtPolicies } from "./built-policies.ts";
import { slimClientNode } from "./slim-client-node.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Functions of `functions/` and the most bytes that each may have: a cold start reads and compiles all of them. */
const budgets = { admission: 130_000 } as const;

/** At no moment is the file half there: tests and commands build it at the same time as others load it. */
const replaceFile = async (file: string, content: string | Uint8Array): Promise<void> => {
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, content);
  await rename(draft, file);
};

/**
 * Bundles each function into one file of `dist/`, next to a package.json that says what it is: CommonJS, because an ES module that imports
 * `node:http` pays 40 ms for it at every cold start (nodejs/node#59686). Leaves everything else in `dist/` alone.
 * Throws when a bundle is over its budget.
 *
 * @param report takes one line for every bundle: its bytes
 */
export const buildFunctions = async (report: (line: string) => void = () => {}): Promise<void> => {
  await import("../functions/policies/index.ts"); // which throws where a policy says something wrong
  await mkdir(`${root}dist`, { recursive: true });
  await replaceFile(`${root}dist/package.json`, `${JSON.stringify({ type: "commonjs" })}\n`);
  for (const [name, budget] of Object.entries(budgets)) {
    const outfile = `dist/${name}.js`;
    const { outputFiles } = await build({
      absWorkingDir: root,
      entryPoints: [`functions/${name}.ts`],
      outfile,
      bundle: true,
      minify: true,
      platform: "node",
      target: "node24",
      format: "cjs",
      mainFields: ["module", "main"],
      charset: "utf8",
      legalComments: "none",
      logLevel: "warning",
      write: false,
      plugins: [slimClientNode(), builtPolicies()],
    });
    for (const { contents } of outputFiles) {
      report(`${outfile}: ${contents.length} bytes of ${budget}`);
      if (contents.length > budget) throw new Error(`${outfile} is ${contents.length - budget} bytes over its budget`);
      await replaceFile(`${root}${outfile}`, contents);
    }
  }
};

if (import.meta.main) void buildFunctions(console.log);

import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { builtPolicies } from "./built-policies.ts";
import { slimClientNode } from "./slim-client-node.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = "dist/server.js";

/** The most bytes that the server may have. It is read once, at its start. */
const budget = 625_000;

/**
 * Bundles the server into one file, `dist/server.js`, which needs Node and nothing beside it.
 *
 * @param report takes one line: the bytes
 */
export async function buildServer(report: (line: string) => void): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    outfile: file,
    entryPoints: ["infra/server.ts"],
    bundle: true,
    minify: true,
    // Stack traces in the log name functions.
    keepNames: true,
    platform: "node",
    target: "node24",
    // Node reads a file called .js outside a package as CommonJS.
    format: "cjs",
    define: { "import.meta.filename": "__filename", "import.meta.dirname": "__dirname" },
    mainFields: ["module", "main"],
    charset: "utf8",
    legalComments: "none",
    logLevel: "warning",
    write: false,
    plugins: [slimClientNode(), builtPolicies()],
  });
  const [{ contents } = { contents: new Uint8Array() }] = outputFiles;
  report(`${file}: ${contents.length} bytes of ${budget}`);
  if (contents.length > budget) throw new Error(`${file} is ${contents.length - budget} bytes over its budget`);
  await mkdir(join(root, "dist"), { recursive: true });
  await writeFile(join(root, `${file}.${process.pid}`), contents);
  await rename(join(root, `${file}.${process.pid}`), join(root, file));
}

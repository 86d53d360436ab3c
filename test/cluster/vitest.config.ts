import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { findSource } from "./harness/binaries.ts";

const source = findSource();
const available = source.kind !== "none";
if (!available) {
  const what = `The cluster suite cannot run: ${source.reason}.`;
  if (process.env["CI"] === "true") throw new Error(what);
  process.stderr.write(`\n*** SKIPPED: ${what}\n*** No test runs against a real API server.\n\n`);
}

export default defineConfig({
  test: {
    name: "cluster",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: available ? ["test/cluster/**/*.test.ts"] : [],
    passWithNoTests: !available,
    globalSetup: available ? [fileURLToPath(new URL("./world/global-setup.ts", import.meta.url))] : [],
    // Node loads the deployed files unchanged.
    server: { deps: { external: [/\/dist\//] } },
    // One API server and one registered webhook at a time.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    teardownTimeout: 20_000,
  },
});

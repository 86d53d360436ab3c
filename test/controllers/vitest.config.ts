import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { selectSuites } from "./suites.ts";

const { runs, leftOut } = selectSuites();
for (const { name, reason } of leftOut)
  process.stderr.write(`\n*** NOT RUN: the controller suite ${name}: ${reason}.\n`);

export default defineConfig({
  test: {
    name: "controllers",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: runs.map(({ name }) => `test/controllers/${name}.test.ts`),
    passWithNoTests: runs.length === 0,
    // Node loads the deployed files unchanged.
    server: { deps: { external: [/\/dist\//] } },
    // Each file has a cluster and controllers of its own; several at once would fight for the processors.
    fileParallelism: false,
    testTimeout: 300_000,
    // The first start of a suite builds its controllers.
    hookTimeout: 1_200_000,
    teardownTimeout: 20_000,
  },
});

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { missingTool } from "./sources.ts";

const missing = missingTool();
if (missing) {
  if (process.env["CI"] === "true") throw new Error(`The suite of the CRDs cannot run: ${missing}.`);
  process.stderr.write(
    `\n*** SKIPPED: the suite of the CRDs cannot run: ${missing}.\n*** The presets were not compared with the CRDs.\n\n`,
  );
}

export default defineConfig({
  test: {
    name: "crds",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: missing ? [] : ["test/crds/**/*.test.ts"],
    passWithNoTests: missing !== undefined,
    // The first reading of a module downloads it.
    testTimeout: 300_000,
    hookTimeout: 300_000,
  },
});

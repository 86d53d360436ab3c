import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { installRequirements } from "../support/virtual-environment.ts";

const missing = installRequirements(fileURLToPath(new URL(".", import.meta.url)));
if (missing) {
  if (process.env["CI"] === "true") throw new Error(`The templates suite cannot run: ${missing}.`);
  process.stderr.write(
    `\n*** SKIPPED: the templates suite cannot run: ${missing}.\n*** The templates were not checked.\n\n`,
  );
}

export default defineConfig({
  test: {
    name: "templates",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: missing ? [] : ["test/templates/**/*.test.ts"],
    passWithNoTests: missing !== undefined,
    testTimeout: 180_000,
    hookTimeout: 600_000,
  },
});

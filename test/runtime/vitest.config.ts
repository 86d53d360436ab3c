import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { installRuntimeClient } from "./runtime-client.ts";

const missing = installRuntimeClient();
if (missing && process.env["CI"] === "true") throw new Error(`The runtime suite cannot run: ${missing}.`);
if (missing)
  process.stderr.write(
    `\n*** SKIPPED: the runtime suite cannot run: ${missing}.\n*** The packaged function was not tested.\n\n`,
  );

export default defineConfig({
  test: {
    name: "runtime",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: missing ? [] : ["test/runtime/**/*.runtime.test.ts"],
    // Each packages the function, in the same folder.
    fileParallelism: false,
    passWithNoTests: missing !== undefined,
    // For a machine that is busy with other work. A hook packages the function.
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});

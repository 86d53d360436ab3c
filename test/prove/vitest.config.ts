import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { everyVersion, findSource } from "../cluster/harness/binaries.ts";

const source = findSource(everyVersion[0]);
const available = source.kind !== "none";
if (!available) {
  const what = `The proof cannot run: ${source.reason}.`;
  if (process.env["CI"] === "true") throw new Error(what);
  process.stderr.write(`\n*** SKIPPED: ${what}\n*** Nothing is compared with a real API server.\n\n`);
}
/** What needs no API server. */
const alone = ["test/prove/{fuzz,proxy-fuzz}/**/*.test.ts"];

export default defineConfig({
  test: {
    name: "prove",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: available ? ["test/prove/**/*.test.ts"] : alone,
    // One control plane at a time.
    fileParallelism: false,
    testTimeout: 600_000,
    // A control plane starts, and is built first where it must be.
    hookTimeout: 1_800_000,
    teardownTimeout: 20_000,
  },
});

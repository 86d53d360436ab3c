import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { findChromium } from "./browser.ts";

const missing = findChromium() === undefined;
const what = "The packed library cannot run in a browser: no chromium, and CHROMIUM names no other program.";
if (missing && process.env["CI"] === "true") throw new Error(what);
if (missing) process.stderr.write(`\n*** SKIPPED: ${what}\n*** Nothing is proven about browsers.\n\n`);

export default defineConfig({
  test: {
    name: "package",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: ["test/package/**/*.test.ts"],
    exclude: missing ? ["test/package/browser.test.ts"] : [],
    // Packing builds the library, always in the same folder.
    fileParallelism: false,
    testTimeout: 120_000,
    hookTimeout: 600_000,
  },
});

import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { findSource } from "../cluster/harness/binaries.ts";
import { goProgram } from "./world/go-program.ts";

const source = findSource();
const programs = ["kubelet", "promcheck"].flatMap((name) => goProgram(name).missing() ?? []);
const missing = [...(source.kind === "none" ? [source.reason] : []), ...programs];
const available = missing.length === 0;
if (!available) {
  const what = `The proxy suite cannot run: ${missing.join("; ")}.`;
  if (process.env["CI"] === "true") throw new Error(what);
  process.stderr.write(
    `\n*** SKIPPED: ${what}\n*** Nothing is proven about the proxy in front of a real API server.\n\n`,
  );
}

export default defineConfig({
  test: {
    name: "proxy",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: available ? ["test/proxy/**/*.test.ts"] : [],
    // They need the Lambda runtime client, which takes minutes to build: lambda.config.ts.
    exclude: ["test/proxy/lambda*.test.ts"],
    passWithNoTests: !available,
    fileParallelism: false,
    // For a machine that is busy with other work. A hook may start a control plane, and build a program of Go before that.
    testTimeout: 300_000,
    hookTimeout: 600_000,
    teardownTimeout: 20_000,
  },
});

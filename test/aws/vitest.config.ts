import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { findSource } from "../cluster/harness/binaries.ts";
import { buildAuthenticator } from "./parts/authenticator.ts";
import { installPython } from "./parts/python.ts";

const controlPlane = findSource();

/** The programs that the test files need, or why they are missing. */
const moto = installPython();
const authenticator = buildAuthenticator();
const verifier = authenticator ?? (controlPlane.kind === "none" ? controlPlane.reason : undefined);
const files: Readonly<Record<string, string | undefined>> = {
  "registry.test.ts": moto,
  "assume-role.test.ts": moto,
  "aws-cli.test.ts": moto,
  "deployment.test.ts": moto,
  "rotation.test.ts": moto,
  "verified-token.test.ts": authenticator,
  "token-webhook.test.ts": verifier,
  "fleet.test.ts": verifier,
};

const missing = Object.entries(files).filter(([, why]) => why);
for (const [file, why] of missing) {
  if (process.env["CI"] === "true") throw new Error(`test/aws/${file} cannot run: ${why}.`);
  process.stderr.write(`\n*** SKIPPED: test/aws/${file} cannot run: ${why}.\n`);
}
if (missing.length > 0) process.stderr.write("*** The tests above did not run.\n\n");

export default defineConfig({
  test: {
    name: "aws",
    root: fileURLToPath(new URL("../..", import.meta.url)),
    include: Object.keys(files)
      .filter((file) => !files[file])
      .map((file) => `test/aws/${file}`),
    passWithNoTests: missing.length > 0,
    // One API server and one moto at a time.
    fileParallelism: false,
    testTimeout: 180_000,
    hookTimeout: 300_000,
  },
});

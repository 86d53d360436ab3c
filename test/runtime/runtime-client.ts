import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));

/** The real runtime client, as the managed Node runtime starts it. */
export const runtimeClient = `${folder}node_modules/aws-lambda-ric/index.mjs`;
const nativePart = `${folder}node_modules/aws-lambda-ric/rapid-client.node`;

/**
 * Installs the runtime client where it is missing, which compiles curl and C++ for a minute or more.
 *
 * @returns why it is missing; undefined where it is installed
 */
export const installRuntimeClient = (): string | undefined => {
  if (existsSync(nativePart)) return undefined;
  process.stderr.write("Installing the Lambda runtime client into test/runtime (a minute or more) ...\n");
  const { status } = spawnSync("npm", ["ci", "--foreground-scripts"], { cwd: folder, stdio: ["ignore", 2, 2] });
  if (status === 0 && existsSync(nativePart)) return undefined;
  return "npm ci failed in test/runtime; it needs cmake, make, g++, python3, autoconf, automake and libtool";
};

/** Installs the runtime client, or throws: the benchmarks need the real client. */
export const requireRuntimeClient = (): void => {
  const missing = installRuntimeClient();
  if (missing) throw new Error(missing);
};

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const requirements = fileURLToPath(new URL("../requirements.txt", import.meta.url));
const folder = fileURLToPath(new URL("../.venv", import.meta.url));
const stamp = `${folder}/installed.txt`;

/** A program of the virtual environment: `moto_server` plays AWS, `aws` is the AWS CLI. */
export const python = (program: "moto_server" | "aws"): string => `${folder}/bin/${program}`;

const isInstalled = (): boolean =>
  existsSync(stamp) && readFileSync(stamp, "utf8") === readFileSync(requirements, "utf8");

/**
 * Installs moto and the AWS CLI into a virtual environment where they are missing, which takes a minute or two.
 *
 * @returns why they are missing; undefined where they are installed
 */
export const installPython = (): string | undefined => {
  if (isInstalled()) return undefined;
  process.stderr.write("Installing moto and the AWS CLI into test/aws/.venv (a minute or two) ...\n");
  rmSync(folder, { recursive: true, force: true });
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ["python3", ["-m", "venv", folder]],
    [`${folder}/bin/pip`, ["install", "--disable-pip-version-check", "-r", requirements]],
  ];
  for (const [command, args] of steps) {
    const { status } = spawnSync(command, args, { stdio: ["ignore", 2, 2] });
    if (status !== 0) return `"${command} ${args.slice(0, 2).join(" ")}" failed; it needs python3 with its venv module`;
  }
  writeFileSync(stamp, readFileSync(requirements));
  return undefined;
};

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Installs the packages of a folder's requirements.txt into a virtual environment beside it, `.venv`, where they are missing or have other
 * versions.
 *
 * @returns why that failed; undefined where it succeeded
 */
export const installRequirements = (folder: string): string | undefined => {
  const requirements = readFileSync(join(folder, "requirements.txt"), "utf8");
  const environment = join(folder, ".venv");
  const stamp = join(environment, "installed.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === requirements) return undefined;
  const names = requirements.trim().split("\n").join(", ");
  process.stderr.write(`Installing ${names} into ${environment} (a minute or so) ...\n`);
  rmSync(environment, { recursive: true, force: true });
  const steps: readonly (readonly [string, ...(readonly string[])])[] = [
    ["python3", "-m", "venv", environment],
    [join(environment, "bin/pip"), "install", "--disable-pip-version-check", "-r", join(folder, "requirements.txt")],
  ];
  for (const [command, ...args] of steps)
    if (spawnSync(command, args, { stdio: ["ignore", 2, 2] }).status !== 0)
      return `${names} could not be installed; that needs python3 with its venv module, and a package index`;
  writeFileSync(stamp, requirements);
  return undefined;
};

/** A program of a folder's virtual environment. */
export const programOf = (folder: string, program: string): string => join(folder, ".venv/bin", program);

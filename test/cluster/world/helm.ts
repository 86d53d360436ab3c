import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const module = fileURLToPath(new URL("../helm", import.meta.url));
const [version = ""] = /(?<=helm\.sh\/helm\/v4 )v\S+/.exec(readFileSync(join(module, "go.mod"), "utf8")) ?? [];
const built = join(module, "bin", version, "helm");

/** Helm: the program that HELM names, or the one that go.mod pins, built first where it is not built (two minutes). */
export const helmProgram = (): string => {
  const given = process.env["HELM"];
  if (given) return given;
  if (existsSync(built)) return built;
  process.stderr.write(`Building Helm ${version} with go (some minutes) ...\n`);
  mkdirSync(join(module, "bin", version), { recursive: true });
  const partial = `${built}.${process.pid}`;
  const args = [
    "build",
    "-buildvcs=false",
    "-trimpath",
    "-ldflags",
    "-s -w",
    "-o",
    partial,
    "helm.sh/helm/v4/cmd/helm",
  ];
  execFileSync("go", args, { cwd: module, stdio: ["ignore", 2, 2] });
  renameSync(partial, built);
  return built;
};

/** Runs Helm in an empty home, so that nothing of the user's counts. */
export const helm = (home: string, ...args: readonly string[]) =>
  spawnSync(helmProgram(), args, { encoding: "utf8", env: { PATH: process.env["PATH"], HOME: home } });

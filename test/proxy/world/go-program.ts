import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A program of a test, of one file of Go. */
export interface GoProgram {
  /** Why it is neither built nor can be; undefined where it is or can. */
  readonly missing: () => string | undefined;
  /** Builds it where it is not built, and returns its path. */
  readonly build: () => string;
}

/** The program of a folder of test/proxy. */
export const goProgram = (name: string): GoProgram => {
  const module = fileURLToPath(new URL(`../${name}`, import.meta.url));
  const program = join(module, "bin", name);
  const isFresh = (): boolean =>
    existsSync(program) && statSync(program).mtimeMs > statSync(join(module, "main.go")).mtimeMs;
  return {
    missing: () => {
      if (isFresh()) return undefined;
      const hasGo = (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, "go")));
      return hasGo ? undefined : `no go to build test/proxy/${name} with`;
    },
    build: () => {
      if (!isFresh()) {
        mkdirSync(join(module, "bin"), { recursive: true });
        execFileSync("go", ["build", "-trimpath", "-o", program, "."], { cwd: module, stdio: "inherit" });
      }
      return program;
    },
  };
};

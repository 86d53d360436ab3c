import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const module = fileURLToPath(new URL("proxy", import.meta.url));

/** The other ends of the proxy's benchmark. */
export type GoProgram = "upstream" | "reverse-proxy" | "load";

/** The path of a program in Go, which is built where its source is newer. */
export const goProgram = (name: GoProgram): string => {
  const program = join(module, "bin", name);
  const source = join(module, name, "main.go");
  if (!existsSync(program) || statSync(program).mtimeMs < statSync(source).mtimeMs) {
    mkdirSync(join(module, "bin"), { recursive: true });
    execFileSync("go", ["build", "-trimpath", "-o", program, `./${name}`], { cwd: module, stdio: "inherit" });
  }
  return program;
};

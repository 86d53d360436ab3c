import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Guarded, startGuarded } from "../../cluster/harness/guarded.ts";

const module = fileURLToPath(new URL("../kubelet", import.meta.url));
const program = join(module, "bin/kubelet");

const isFresh = (): boolean =>
  existsSync(program) && statSync(program).mtimeMs > statSync(join(module, "main.go")).mtimeMs;

/** Whether the other end of exec, logs and port-forward is built or can be. */
export const findKubelet = ():
  | { readonly kind: "found" | "build" }
  | { readonly kind: "none"; readonly reason: string } => {
  if (isFresh()) return { kind: "found" };
  const hasGo = (process.env["PATH"] ?? "").split(delimiter).some((folder) => existsSync(join(folder, "go")));
  return hasGo ? { kind: "build" } : { kind: "none", reason: "no go to build test/proxy/kubelet with" };
};

/** A kubelet for one node, whose containers are processes of this machine. */
export interface Kubelet extends Guarded {
  readonly port: number;
  /** One line for each request, and for each client that left. */
  readonly log: () => string;
}

/** Starts it; builds it first where it is not built. */
export const startKubelet = async (folder: string): Promise<Kubelet> => {
  if (!isFresh()) {
    mkdirSync(join(module, "bin"), { recursive: true });
    execFileSync("go", ["build", "-trimpath", "-o", program, "."], { cwd: module, stdio: "inherit" });
  }
  const guarded = startGuarded(folder, "kubelet", program, ["-listen", "127.0.0.1:0"]);
  const log = () => readFileSync(join(folder, "kubelet.log"), "utf8");
  for (let tries = 0; tries < 100; tries += 1) {
    const port = Number(/"listening":"127\.0\.0\.1:(\d+)"/.exec(log())?.[1]);
    if (port > 0) return { ...guarded, port, log };
    await sleep(50);
  }
  await guarded.stop();
  throw new Error(`the kubelet did not start:\n${log()}`);
};

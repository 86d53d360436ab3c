/**
 * Runs a command for as long as standard input stays open, then kills it and removes a folder: `guard.ts FOLDER COMMAND ARGS...`.
 * The pipe closes however the test process ends, even when it is killed, so that no control plane outlives its suite.
 */
import { spawn } from "node:child_process";
import { rmSync } from "node:fs";

const [folder, command, ...args] = process.argv.slice(2);
if (!folder || !command) throw new Error("usage: guard.ts FOLDER COMMAND ARGS...");

const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
let closing = false;

child.on("exit", (code) => {
  // Two guards share the folder: the other's child may still be writing.
  if (closing) rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  process.exit(code ?? 1);
});
process.stdin.resume().on("end", () => {
  closing = true;
  child.kill("SIGKILL");
});

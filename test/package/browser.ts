import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const programs = ["google-chrome-stable", "google-chrome", "chromium", "chromium-browser", "chromium-headless-shell"];

const runs = (program: string): boolean => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

/** The program of a Chromium: `CHROMIUM`, else the first of the usual names that runs. */
export const findChromium = (): string | undefined => {
  const named = process.env["CHROMIUM"];
  return (named === undefined ? programs : [named]).find(runs);
};

export interface Browser extends AsyncDisposable {
  /** What the browser writes to standard error: the only trace of a page that never reports. */
  readonly log: () => string;
}

/** Opens a page in a browser without a window and with a profile of its own. Disposing it ends the browser. */
export const openPage = (program: string, url: string): Browser => {
  const profile = mkdtempSync(join(tmpdir(), "chromium-"));
  const child = spawn(
    program,
    [
      ...[
        "--headless",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
      ],
      // Its sandbox needs user namespaces, which root in a container lacks. The page is our own.
      ...["--no-sandbox", `--user-data-dir=${profile}`, url],
    ],
    { detached: true, stdio: ["ignore", "ignore", "pipe"] },
  );
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  const closed = once(child, "close");
  return {
    log: () => log,
    [Symbol.asyncDispose]: async () => {
      // Chromium is a group of processes. One that is left would hold the pipe open.
      if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
      await closed;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

// .ci/run asks, and installs one where there is none.
if (import.meta.main) {
  const program = findChromium();
  if (program === undefined) process.exitCode = 1;
  else console.log(program);
}

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { applied } from "../../cluster/world/applied.ts";
import { until } from "../../cluster/world/until.ts";
import { type Controller, startController } from "./start-controller.ts";

const own = fileURLToPath(new URL("../razee", import.meta.url));
const program = join(own, "controller.cjs");

/** The folder of Razee's published packages, installed first if necessary, which takes seconds. */
const installedPackages = (): string => {
  const files = ["package.json", "package-lock.json"];
  const digest = createHash("sha256");
  for (const file of files) digest.update(readFileSync(join(own, file)));
  const folder = fileURLToPath(new URL(`../bin/razee/${digest.digest("hex").slice(0, 12)}`, import.meta.url));
  if (existsSync(folder)) return folder;
  mkdirSync(dirname(folder), { recursive: true });
  const partial = mkdtempSync(`${folder}-`);
  for (const file of files) cpSync(join(own, file), join(partial, file));
  cpSync(fileURLToPath(new URL("../../../.npmrc", import.meta.url)), join(partial, ".npmrc"));
  execFileSync("npm", ["ci", "--omit=dev", "--ignore-scripts"], {
    cwd: partial,
    stdio: ["ignore", "ignore", "inherit"],
  });
  // Only this repository's own lock file is one that Dependabot watches.
  rmSync(join(partial, "package-lock.json"));
  // Another run may have been faster.
  if (existsSync(folder)) rmSync(partial, { recursive: true });
  else renameSync(partial, folder);
  return folder;
};

/** Installs Razee's resources, and waits until MustacheTemplates are served. */
export const installRazeeResources = async (plane: ControlPlane): Promise<void> => {
  const definitions = new URL("../../cluster/world/razee-crds.yaml", import.meta.url);
  await applied(plane, readFileSync(definitions, "utf8"));
  const path = "/apis/deploy.razee.io/v1alpha2/mustachetemplates";
  await until(
    "MustacheTemplates are served",
    async () => (await plane.api(plane.user("admin"), { path })).status === 200,
  );
};

export interface RazeeOptions {
  /** The key `enable-impersonation` of the ConfigMap `razeedeploy-config`. Razee's own default is false. */
  readonly enableImpersonation: boolean;
  /** Whether the patch of docs/razee.md is applied. */
  readonly isPatched: boolean;
  /** Whether the file of that key is read slower than the API server answers, which makes the race of the released controller certain. */
  readonly isDiskSlow?: boolean;
}

let started = 0;

/** Starts the MustacheTemplate controller as Razee's own manifests do: in razeedeploy, with a service account that is cluster-admin. */
export const startRazee = (plane: ControlPlane, options: RazeeOptions): Promise<Controller> => {
  const cwd = join(plane.connection.folder, `razee-${++started}`);
  mkdirSync(join(cwd, "config"), { recursive: true });
  writeFileSync(join(cwd, "config/enable-impersonation"), String(options.enableImpersonation));
  return startController(plane, {
    name: `razee-${started}`,
    program: process.execPath,
    args: [program],
    account: { namespace: "razeedeploy", name: "razeedeploy-sa" },
    env: {
      RAZEE_PACKAGES: installedPackages(),
      RAZEE_AWAIT: String(options.isPatched),
      RAZEE_SLOW_DISK: String(options.isDiskSlow ?? false),
    },
    cwd,
    // It says nothing when it has begun to watch; an object that is created earlier is listed.
    ready: async () => true,
  });
};

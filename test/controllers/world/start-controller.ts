import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { type Guarded, startGuarded } from "../../cluster/harness/guarded.ts";
import { applied } from "../../cluster/world/applied.ts";
import { serviceAccount } from "../../cluster/world/namespace.ts";
import { until } from "../../cluster/world/until.ts";

export interface ControllerOptions {
  /** For messages, and for the folder of its files. Two controllers of one cluster need two names. */
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** The service account that it runs as. It and its namespace are created. */
  readonly account: { readonly namespace: string; readonly name: string };
  /** The permissions of the account, in all namespaces. Default: it is cluster-admin. */
  readonly rules?: readonly object[];
  /** Environment variables besides PATH, HOME and KUBECONFIG. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a folder of its own, which is removed at the end. */
  readonly cwd?: string;
  /** Whether it is ready to work. It is asked again until it says so. */
  readonly ready: () => Promise<boolean>;
}

/** A real controller at work in a control plane. */
export interface Controller {
  /** Its username: `system:serviceaccount:NAMESPACE:NAME`. */
  readonly username: string;
  /** The last lines that it wrote. */
  readonly tail: () => string;
  /** Ends the process for certain (SIGKILL), because some controllers ignore SIGTERM. It also ends if this process does. */
  readonly stop: () => Promise<void>;
}

const makeAccount = (
  plane: ControlPlane,
  { account: { namespace, name }, rules }: Pick<ControllerOptions, "account" | "rules">,
): Promise<void> => {
  const apiVersion = "rbac.authorization.k8s.io/v1";
  const role = rules ? `${namespace}-${name}` : "cluster-admin";
  return applied(plane, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    ...(rules ? [{ apiVersion, kind: "ClusterRole", metadata: { name: role }, rules }] : []),
    {
      apiVersion,
      kind: "ClusterRoleBinding",
      metadata: { name: `${namespace}-${name}-is-${role}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [{ kind: "ServiceAccount", namespace, name }],
    },
  ]);
};

const ready = async ({ name, ready: isReady }: ControllerOptions, process: Guarded): Promise<void> => {
  await until(`${name} is ready`, async () => {
    if (process.hasExited()) throw new Error(`${name} has ended`);
    return isReady();
  });
};

/**
 * Starts a controller with a kubeconfig whose token is its service account's. Every test file that starts one also stops it.
 *
 * @example
 * const flux = await startController(plane, {
 *   name: "kustomize-controller",
 *   program: await controllerProgram("kustomize-controller"),
 *   args: ["--health-addr", "127.0.0.1:12345"],
 *   account: { namespace: "flux-system", name: "kustomize-controller" },
 *   ready: () => answers("http://127.0.0.1:12345/readyz"),
 * });
 */
export const startController = async (plane: ControlPlane, options: ControllerOptions): Promise<Controller> => {
  const { name, program, args, account, env = {} } = options;
  await makeAccount(plane, options);
  const caller = await serviceAccount(plane, account.namespace, account.name);
  const folder = join(plane.connection.folder, `controller-${name}`);
  mkdirSync(folder, { recursive: true });
  const kubeconfig = join(folder, "kubeconfig.json");
  writeFileSync(kubeconfig, plane.kubeconfig(caller), { mode: 0o600 });
  const process = startGuarded(folder, name, program, args, {
    env: { PATH: globalThis.process.env["PATH"], HOME: folder, ...env, KUBECONFIG: kubeconfig },
    cwd: options.cwd ?? folder,
  });
  try {
    await ready(options, process);
  } catch (error) {
    const log = process.tail();
    await process.stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log}`, { cause: error });
  }
  return { username: caller.name, tail: process.tail, stop: process.stop };
};

import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type ApiClient, apiClient } from "./harness/api-client.ts";
import { type AuditEvent, auditMark, auditPolicy, readAuditLog } from "./harness/audit-log.ts";
import { binaries } from "./harness/binaries.ts";
import type { Caller } from "./harness/caller.ts";
import { freePorts } from "./harness/free-ports.ts";
import { startGuarded } from "./harness/guarded.ts";
import { type Kubectl, kubeconfig, kubectlRunner } from "./harness/kubectl.ts";

/** A user that the API server knows by a static token. */
export interface TokenUser {
  readonly name: string;
  readonly groups?: readonly string[];
  /** "" for none. One of its own where absent. */
  readonly uid?: string;
}

export interface ControlPlaneOptions {
  /** Such as `v1.34.8`. Default: the version in `KUBEBUILDER_ASSETS`, or the one that `control-plane/go.mod` pins. */
  readonly version?: string;
  /** Besides `admin`, who is in system:masters. */
  readonly users?: readonly TokenUser[];
  /** More flags for kube-apiserver. */
  readonly flags?: readonly string[];
}

/** How to reach a running control plane: plain data, so that vitest can pass it from one process to another. */
export interface Connection {
  readonly url: string;
  readonly caPem: string;
  readonly folder: string;
  readonly kubectlProgram: string;
  /** The bearer token of every user. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** A client's view of a running control plane. */
export interface ControlPlane {
  readonly connection: Connection;
  readonly user: (name: string) => Caller;
  readonly api: ApiClient;
  readonly kubectl: Kubectl;
  readonly kubeconfig: (caller: Caller) => string;
  /** The audit log's size in bytes now. */
  readonly auditMark: () => number;
  /** The audit log's events, from this size of the log on. */
  readonly auditEvents: (from?: number) => readonly AuditEvent[];
}

const readyWithin = 150_000;

const auditLogOf = (folder: string): string => join(folder, "audit.log");

export const connect = (connection: Connection): ControlPlane => {
  const { url, caPem, folder, kubectlProgram, tokens } = connection;
  const configOf = (caller: Caller): string => kubeconfig(url, caPem, caller);
  return {
    connection,
    user: (name) => {
      const token = tokens[name];
      if (token === undefined) throw new Error(`the control plane has no user ${name}`);
      return { name, token };
    },
    api: apiClient(url, caPem),
    kubectl: kubectlRunner(kubectlProgram, folder, configOf),
    kubeconfig: configOf,
    auditMark: () => auditMark(auditLogOf(folder)),
    auditEvents: (from) => readAuditLog(auditLogOf(folder), from),
  };
};

const writeServiceAccountKeys = (folder: string): void => {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  writeFileSync(join(folder, "sa.key"), privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 });
  writeFileSync(join(folder, "sa.pub"), publicKey.export({ type: "spki", format: "pem" }));
};

const writeTokens = (folder: string, users: readonly TokenUser[]): Readonly<Record<string, string>> => {
  const rows = users.map(({ name, groups = [], uid }, index) => ({
    name,
    token: randomBytes(16).toString("hex"),
    // The API server reads an empty last column as one group with an empty name.
    rest: `"${name.replaceAll('"', '""')}",${uid ?? `uid-${index}`}${groups.length > 0 ? `,"${groups.join(",")}"` : ""}`,
  }));
  writeFileSync(join(folder, "tokens.csv"), rows.map(({ token, rest }) => `${token},${rest}\n`).join(""), {
    mode: 0o600,
  });
  return Object.fromEntries(rows.map(({ name, token }) => [name, token]));
};

/**
 * Starts etcd and kube-apiserver on free ports of the loopback interface, in a folder that is removed at the end, and waits until the
 * API server is ready. RBAC is on; no controller manager runs, so nothing is garbage-collected, no namespace finishes terminating
 * and aggregated ClusterRoles stay empty. Several may run side by side.
 */
export const startControlPlane = async (
  options: ControlPlaneOptions = {},
): Promise<ControlPlane & { readonly stop: () => Promise<void> }> => {
  const programs = await binaries(options.version);
  const folder = mkdtempSync(join(tmpdir(), "control-plane-"));
  const at = (name: string): string => join(folder, name);
  const [etcdPort = 0, peerPort = 0, securePort = 0] = await freePorts(3);
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const url = `https://127.0.0.1:${securePort}`;

  writeServiceAccountKeys(folder);
  const tokens = writeTokens(folder, [{ name: "admin", groups: ["system:masters"] }, ...(options.users ?? [])]);
  writeFileSync(at("audit-policy.json"), JSON.stringify(auditPolicy));
  mkdirSync(at("certs"));

  const etcd = startGuarded(folder, "etcd", programs.etcd, [
    `--data-dir=${at("etcd")}`,
    "--unsafe-no-fsync",
    `--listen-client-urls=${etcdUrl}`,
    `--advertise-client-urls=${etcdUrl}`,
    `--listen-peer-urls=${peerUrl}`,
    `--initial-advertise-peer-urls=${peerUrl}`,
    `--initial-cluster=default=${peerUrl}`,
  ]);
  const apiServer = startGuarded(folder, "kube-apiserver", programs.apiServer, [
    `--etcd-servers=${etcdUrl}`,
    "--bind-address=127.0.0.1",
    // The `kubernetes` service is not used here, and it cannot hold a loopback address.
    "--endpoint-reconciler-type=none",
    `--secure-port=${securePort}`,
    `--cert-dir=${at("certs")}`,
    "--authorization-mode=RBAC",
    `--token-auth-file=${at("tokens.csv")}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${at("sa.pub")}`,
    `--service-account-signing-key-file=${at("sa.key")}`,
    "--disable-admission-plugins=ServiceAccount",
    `--audit-policy-file=${at("audit-policy.json")}`,
    `--audit-log-path=${auditLogOf(folder)}`,
    ...(options.flags ?? []),
  ]);
  const stop = async (): Promise<void> => {
    await Promise.all([apiServer.stop(), etcd.stop()]);
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  };

  const readyPlane = async (): Promise<ControlPlane> => {
    const deadline = Date.now() + readyWithin;
    let last = "not asked yet";
    while (Date.now() < deadline) {
      if (etcd.hasExited() || apiServer.hasExited()) throw new Error("a program of the control plane has ended");
      try {
        const caPem = readFileSync(at("certs/apiserver.crt"), "utf8");
        const plane = connect({ url, caPem, folder, kubectlProgram: programs.kubectl, tokens });
        const { status, text } = await plane.api(plane.user("admin"), { path: "/readyz" });
        if (status === 200) return plane;
        last = `${status} ${text}`;
      } catch (error) {
        last = String(error);
      }
      await sleep(100);
    }
    throw new Error(`the API server was not ready in ${readyWithin} ms: ${last}`);
  };

  try {
    return { ...(await readyPlane()), stop };
  } catch (error) {
    const logs = [etcd, apiServer].map(({ tail }) => tail()).join("\n");
    await stop();
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${logs}`, { cause: error });
  }
};

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RequestEntry } from "../../../functions/proxy/log-entries.ts";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import type { Caller } from "../../cluster/harness/caller.ts";
import { type Kubectl, kubeconfig, kubectlRunner } from "../../cluster/harness/kubectl.ts";
import { applied } from "../../cluster/world/applied.ts";
import { until } from "../../cluster/world/until.ts";
import { type LocalProxy, type ServeProxyOptions, serveProxy } from "./serve-proxy.ts";

/** A control plane with the two accounts of a proxy and a few people. */
export interface Stage extends ControlPlane {
  /** A kubeconfig with the context `prod`, whose user `asker` asks, and the user `actor`. */
  readonly kubeconfigFile: string;
  readonly serve: (options?: Partial<ServeProxyOptions>) => Promise<Served>;
  readonly stop: () => Promise<void>;
}

/** A proxy that is being served in this process. */
export interface Served extends LocalProxy {
  readonly entries: readonly RequestEntry[];
  /** kubectl through the proxy. */
  readonly kubectl: Kubectl;
  /** The content of a kubeconfig for a caller. */
  readonly kubeconfigFor: (caller: Caller) => string;
}

const binding = (name: string, role: string, user: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: user }],
});

export const impersonator = (name: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name },
  rules: [
    { apiGroups: [""], resources: ["users", "groups", "serviceaccounts"], verbs: ["impersonate"] },
    { apiGroups: ["authentication.k8s.io"], resources: ["*"], verbs: ["impersonate"] },
  ],
});

const rights = [
  binding("proxy-asks", "system:auth-delegator", "proxy-asker"),
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: { name: "proxy-reads-authentication", namespace: "kube-system" },
    roleRef: {
      apiGroup: "rbac.authorization.k8s.io",
      kind: "Role",
      name: "extension-apiserver-authentication-reader",
    },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "proxy-asker" }],
  },
  impersonator("proxy-acts"),
  binding("proxy-acts", "proxy-acts", "proxy-actor"),
  // Works with everything, and may impersonate whomever she likes.
  binding("olga", "cluster-admin", "olga"),
  binding("rita", "view-configmaps", "rita"),
  {
    ...binding("readers", "view-configmaps", ""),
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "readers" }],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "view-configmaps" },
    rules: [{ apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] }],
  },
];

/** The people have no uid, so that they are impersonated; `ulf` has one. */
const users = [
  { name: "proxy-asker", uid: "" },
  { name: "proxy-actor", uid: "" },
  { name: "olga", uid: "", groups: ["team-a", "team-b"] },
  { name: "rita", uid: "" },
  { name: "stranger", uid: "" },
  { name: "zo\u00eb", uid: "", groups: ["\u00fcber"] },
  { name: "\u738b\u82b3", uid: "", groups: ["\u0433\u0440\u0443\u043f\u043f\u0430", "\ud83d\udc33"] },
  { name: "member", uid: "", groups: ["readers", ...Array.from({ length: 499 }, (_, at) => `group-${at}`)] },
  { name: "ulf", uid: "u-1", groups: ["team-a"] },
  // In the most powerful group, and impersonated, because no uid is sent.
  { name: "root", uid: "", groups: ["system:masters"] },
  { name: "system:node:one", uid: "", groups: ["system:nodes"] },
];

const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [{ level: "None", users: ["system:apiserver"] }, { level: "Metadata" }],
};

export const startStage = async (flags: readonly string[] = [], version?: string): Promise<Stage> => {
  const folder = mkdtempSync(join(tmpdir(), "proxy-stage-"));
  const policy = join(folder, "audit-policy.json");
  writeFileSync(policy, JSON.stringify(auditPolicy));
  const plane = await startControlPlane({
    users,
    ...(version && { version }),
    flags: [`--audit-policy-file=${policy}`, "--kubelet-preferred-address-types=InternalIP", ...flags],
  });
  const { url, caPem, tokens, kubectlProgram } = plane.connection;
  const kubeconfigFile = join(folder, "kubeconfig");
  const user = (account: string) => ({ name: account, user: { token: tokens[`proxy-${account}`] } });
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "c", cluster: { server: url, "certificate-authority-data": Buffer.from(caPem).toString("base64") } },
    ],
    users: [user("asker"), user("actor")],
    contexts: [{ name: "prod", context: { cluster: "c", user: "asker" } }],
    "current-context": "prod",
  };
  writeFileSync(kubeconfigFile, JSON.stringify(config), { mode: 0o600 });
  try {
    await applied(plane, rights);
    await until("the rights count", async () => {
      const { status } = await plane.api(plane.user("rita"), { path: "/api/v1/configmaps" });
      return status === 200;
    });
  } catch (error) {
    await plane.stop();
    throw error;
  }
  const open = new Set<LocalProxy>();
  let served = 0;
  return {
    ...plane,
    kubeconfigFile,
    serve: async (options = {}) => {
      const entries: RequestEntry[] = [];
      const proxy = await serveProxy({
        ...{ kubeconfig: kubeconfigFile, actor: "actor", uid: "passthrough" },
        log: (entry) => entry.event === "request" && entries.push(entry),
        ...options,
      });
      open.add(proxy);
      served += 1;
      const kubeconfigFor = (caller: Caller): string => kubeconfig(proxy.url, proxy.ca ?? "", caller);
      const kubectl = kubectlRunner(kubectlProgram, join(folder, `kubectl-${served}`), kubeconfigFor);
      return { ...proxy, entries, kubectl, kubeconfigFor };
    },
    stop: async () => {
      await Promise.all([...open].map((proxy) => proxy.close()));
      await plane.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};

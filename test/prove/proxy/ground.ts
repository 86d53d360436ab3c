import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import type { Caller } from "../../cluster/harness/caller.ts";
import { applied } from "../../cluster/world/applied.ts";
import { serviceAccount } from "../../cluster/world/namespace.ts";
import { serveProxy } from "../../proxy/world/serve-proxy.ts";
import { prefixOf } from "../worlds/parts.ts";
import { pooled } from "../worlds/pool.ts";
import { randomOf } from "../worlds/random.ts";
import { stageOn } from "../worlds/stage.ts";
import type { Manifest } from "../worlds/world.ts";
import { openSender, type Sender } from "./sender.ts";
import { type ProxyWords, proxyObjectsOf, proxyWordsOf, proxyWorldOf } from "./world.ts";

/** Requests go to the API server, or through the proxy in front of it. */
export interface ProxyGround {
  readonly plane: ControlPlane;
  /** Such as v1.37.2, in the API server's own words. */
  readonly version: string;
  readonly direct: Sender["send"];
  /** Through a proxy that hands callers with a uid on with their own token. */
  readonly through: Sender["send"];
  /** The accounts of the proxy. */
  readonly asker: Caller;
  readonly actor: Caller;
  /** Puts a world up, in place of the last one. */
  readonly show: (seed: number, index: number) => Promise<ProxyWorld>;
  readonly stop: () => Promise<void>;
}

/** A world that is up, and who lives in it. */
export interface ProxyWorld {
  readonly words: ProxyWords;
  readonly callers: readonly Caller[];
  readonly manifests: readonly Manifest[];
}

/** Requests in a world; a number of requests always falls into the same worlds. */
export const requestsInWorld = 200;

const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived", "ResponseStarted"],
  rules: [{ level: "None", users: ["system:apiserver", "admin", "proxy-asker"] }, { level: "Metadata" }],
};

const binding = (name: string, role: string) => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name }],
});

const rights = [
  binding("proxy-asker", "system:auth-delegator"),
  binding("proxy-actor", "prove-actor"),
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "prove-actor" },
    rules: [
      { apiGroups: [""], resources: ["users", "groups", "serviceaccounts"], verbs: ["impersonate"] },
      { apiGroups: ["authentication.k8s.io"], resources: ["*"], verbs: ["impersonate"] },
    ],
  },
];

/**
 * Starts a control plane whose users live in so many worlds, and a proxy in front of it.
 *
 * @param worlds how many worlds can be shown
 */
export const startProxyGround = async ({
  version,
  worlds,
}: {
  readonly version?: string | undefined;
  readonly worlds: number;
}): Promise<ProxyGround> => {
  const folder = mkdtempSync(join(tmpdir(), "prove-proxy-"));
  const file = (name: string, content: object): string => {
    writeFileSync(join(folder, name), JSON.stringify(content), { mode: 0o600 });
    return join(folder, name);
  };
  const all = Array.from({ length: worlds }, (_, index) => proxyWordsOf(prefixOf("p", index)));
  const plane = await startControlPlane({
    ...(version ? { version } : {}),
    users: [{ name: "proxy-asker", uid: "" }, { name: "proxy-actor", uid: "" }, ...all.flatMap(({ users }) => users)],
    flags: [`--audit-policy-file=${file("audit-policy.json", auditPolicy)}`],
  });
  const { url, caPem } = plane.connection;
  const closing: (() => void | Promise<void>)[] = [() => rmSync(folder, { recursive: true, force: true }), plane.stop];
  const stop = async (): Promise<void> => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    await applied(plane, rights);
    const [asker, actor, admin] = [plane.user("proxy-asker"), plane.user("proxy-actor"), plane.user("admin")];
    const kubeconfig = file("kubeconfig", {
      apiVersion: "v1",
      kind: "Config",
      clusters: [
        { name: "c", cluster: { server: url, "certificate-authority-data": Buffer.from(caPem).toString("base64") } },
      ],
      users: [asker, actor].map(({ name, token }) => ({ name, user: { token } })),
      contexts: [{ name: "prod", context: { cluster: "c", user: asker.name } }],
      "current-context": "prod",
    });
    const proxy = await serveProxy({ kubeconfig, actor: actor.name, uid: "passthrough", log: () => {} });
    closing.push(() => proxy.close());
    const direct = openSender(url, { ca: caPem });
    const through = openSender(proxy.url, { ca: proxy.ca ?? "" });
    closing.push(direct.close, through.close);
    const { body } = await plane.api(admin, { path: "/version" });
    const stage = stageOn(plane, (question) =>
      plane.api(admin, {
        method: "POST",
        path: "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        body: { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec: question },
      }),
    );
    const shown = new Map<number, readonly Caller[]>();
    const show: ProxyGround["show"] = async (seed, index) => {
      const words = all[index];
      if (words === undefined) throw new Error(`there are ${worlds} worlds only`);
      const manifests = proxyWorldOf(randomOf(seed, `${index}/proxy-world`), words);
      await stage.show(manifests, words.namespaces);
      let callers = shown.get(index);
      if (callers === undefined) {
        await pooled(proxyObjectsOf(words), async ([path, object]) => {
          const { status, text } = await plane.api(admin, { method: "POST", path, body: object });
          if (status !== 201) throw new Error(text);
        });
        const [first = ""] = words.namespaces;
        const accounts = await pooled(words.accounts, (name) => serviceAccount(plane, first, name));
        callers = [...words.users.map(({ name }) => plane.user(name)), ...accounts];
        shown.set(index, callers);
      }
      return { words, callers, manifests };
    };
    const { send: sendDirect } = direct;
    return { plane, version: body.gitVersion, direct: sendDirect, through: through.send, asker, actor, show, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

import { readFileSync } from "node:fs";
import { type ControlPlane, startControlPlane } from "../../cluster/control-plane.ts";
import { applied } from "../../cluster/world/applied.ts";
import { until } from "../../cluster/world/until.ts";
import { type Client, clientOf } from "./client.ts";
import { configurationOf, registrationNames } from "./registrations.ts";
import type { Reply } from "./row.ts";
import { startAnswerServer } from "./server.ts";

/** A review as it came: to which registration's URL, and its text. */
export type Answering = (path: string, text: string) => Reply;

/** An API server whose webhooks answer whatever they are told to. */
export interface AnswerGround {
  readonly plane: ControlPlane;
  /** Such as v1.37.2, in the API server's own words. */
  readonly version: string;
  readonly client: Client;
  /** The webhooks' server. */
  readonly url: string;
  /** What is answered to reviews of objects of this name; everything else is allowed. */
  readonly answering: Map<string, Answering>;
  readonly stop: () => Promise<void>;
}

/** What a request was allowed with that no row asks about. */
const allow = (text: string): Reply => {
  const { apiVersion, kind, request } = JSON.parse(text);
  return { body: JSON.stringify({ apiVersion, kind, response: { uid: request.uid, allowed: true } }) };
};

const apiGroup = "rbac.authorization.k8s.io";

/** Everybody may write the guarded kinds: what becomes of a write hangs on the webhook alone. */
const rights = [
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRole",
    metadata: { name: "author" },
    rules: [{ apiGroups: ["deploy.razee.io"], resources: ["*"], verbs: ["*"] }],
  },
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: "author" },
    roleRef: { apiGroup, kind: "ClusterRole", name: "author" },
    subjects: [{ apiGroup, kind: "Group", name: "system:authenticated" }],
  },
];

const namespace = (name: string) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } });

const guardedKinds = (): string =>
  readFileSync(new URL("../../cluster/world/razee-crds.yaml", import.meta.url), "utf8");

/** Starts a control plane of this version, or the one that the cluster suite runs on, and registers all webhooks. */
export const startAnswerGround = async (version?: string): Promise<AnswerGround> => {
  const answering = new Map<string, Answering>();
  const reached = new Set<string>();
  const server = await startAnswerServer((path, text) => {
    reached.add(path.slice(1));
    const { name } = JSON.parse(text).request;
    return (answering.get(name) ?? ((_path, body) => allow(body)))(path, text);
  });
  const plane = await startControlPlane({
    ...(version ? { version } : {}),
    // gina's group is what a controller that acts by name has not; razeedeploy is called like a privileged value.
    users: [{ name: "bob" }, { name: "gina", groups: ["team-a"] }, { name: "razeedeploy" }, { name: "zo\u00eb" }],
  }).catch(async (error: unknown) => {
    await server.stop();
    throw error;
  });
  const stop = async (): Promise<void> => {
    await plane.stop().finally(server.stop);
  };
  try {
    await applied(plane, guardedKinds());
    await applied(plane, [...rights, ...registrationNames.map(namespace)]);
    await applied(
      plane,
      registrationNames.map((name) => configurationOf(name, server)),
    );
    const client = clientOf(plane);
    await until("every webhook is called", async () => {
      for (const name of registrationNames.filter((each) => !reached.has(each)))
        await client({
          method: "POST",
          path: `/apis/deploy.razee.io/v1alpha2/namespaces/${name}/mustachetemplates?dryRun=All`,
          who: "bob",
          body: {
            apiVersion: "deploy.razee.io/v1alpha2",
            kind: "MustacheTemplate",
            metadata: { name: "probe" },
            spec: {},
          },
        });
      return registrationNames.every((name) => reached.has(name));
    });
    const { body } = await plane.api(plane.user("admin"), { path: "/version" });
    return { plane, version: body.gitVersion, client, url: server.url, answering, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

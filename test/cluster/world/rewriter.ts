import type { ControlPlane } from "../control-plane.ts";
import { applied } from "./applied.ts";
import { create, template } from "./objects.ts";
import { startTinyWebhook } from "./tiny-webhook.ts";
import { until } from "./until.ts";

export interface Rewriter {
  /** How often the API server called it for the object of this name. */
  readonly callsFor: (name: string) => number;
  readonly uninstall: () => Promise<void>;
}

export interface RewriterOptions {
  /** Mutating webhooks are called in the order of their configurations' names. */
  readonly name: string;
  /** The only namespace that it is called for. */
  readonly namespace: string;
  readonly reinvocationPolicy: "Never" | "IfNeeded";
  /** The value that it writes into the field, whatever the field holds. */
  readonly writes: unknown;
}

const patchOf = (object: { readonly spec?: { readonly clusterAuth?: unknown } }, value: unknown) => [
  ...(object.spec ? [] : [{ op: "add", path: "/spec", value: {} }]),
  ...(object.spec?.clusterAuth ? [] : [{ op: "add", path: "/spec/clusterAuth", value: {} }]),
  { op: "add", path: "/spec/clusterAuth/impersonateUser", value },
];

/** Another mutating webhook, which rewrites the field. Resolves when the API server calls it. */
export const installRewriter = async (plane: ControlPlane, options: RewriterOptions): Promise<Rewriter> => {
  const { name, namespace, reinvocationPolicy, writes } = options;
  const seen: string[] = [];
  const server = await startTinyWebhook((_path, body) => {
    const { uid, object } = JSON.parse(body).request;
    seen.push(object.metadata.name);
    const patch = Buffer.from(JSON.stringify(patchOf(object, writes))).toString("base64");
    const response = { uid, allowed: true, patchType: "JSONPatch", patch };
    return JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response });
  });
  const configuration = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "MutatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        name: "rewriter.example.com",
        clientConfig: { url: server.url, caBundle: Buffer.from(server.ca).toString("base64") },
        rules: [
          { apiGroups: ["deploy.razee.io"], apiVersions: ["*"], resources: ["*"], operations: ["CREATE", "UPDATE"] },
        ],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": namespace } },
        reinvocationPolicy,
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      },
    ],
  };
  const isCalled = async (): Promise<boolean> => {
    const before = seen.length;
    await create(plane, plane.user("admin"), template(namespace, "rewriter-probe"), "?dryRun=All");
    return seen.length > before;
  };
  await applied(plane, [configuration]);
  await until("the API server calls the rewriter", isCalled);
  return {
    callsFor: (object) => seen.filter((each) => each === object).length,
    uninstall: async () => {
      await plane.kubectl(plane.user("admin"), ["delete", "mutatingwebhookconfiguration", name]);
      await until("the API server calls the rewriter no more", async () => !(await isCalled()));
      await server.stop();
    },
  };
};

import type { ControlPlane } from "../control-plane.ts";
import { startTinyWebhook } from "./tiny-webhook.ts";
import { until } from "./until.ts";

/** A validating webhook that admits every object, and records the reviews. */
export interface Witness<Seen> {
  readonly seen: readonly Seen[];
  readonly stop: () => Promise<void>;
}

/** Registers it for all resources, subresources and operations. Resolves when the API server calls it. */
export const installWitness = async <Seen>(plane: ControlPlane): Promise<Witness<Seen>> => {
  const seen: Seen[] = [];
  const server = await startTinyWebhook((_path, body) => {
    const { request } = JSON.parse(body);
    seen.push(request);
    const response = { uid: request.uid, allowed: true };
    return JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", response });
  });
  const admin = plane.user("admin");
  const configuration = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "witness" },
    webhooks: [
      {
        name: "witness.example.com",
        clientConfig: { url: server.url, caBundle: Buffer.from(server.ca).toString("base64") },
        rules: [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"], operations: ["*"] }],
        failurePolicy: "Ignore",
        sideEffects: "None",
        admissionReviewVersions: ["v1"],
      },
    ],
  };
  const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations";
  const { status, text } = await plane.api(admin, { method: "POST", path, body: configuration });
  if (status !== 201) throw new Error(text);
  const probe = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "witness-probe" } };
  await until("the API server calls the witness", async () => {
    await plane.api(admin, { method: "POST", path: "/api/v1/namespaces/default/configmaps?dryRun=All", body: probe });
    return seen.length > 0;
  });
  return { seen, stop: server.stop };
};

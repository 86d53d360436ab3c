import { expect } from "vitest";
import { applied } from "../../cluster/world/applied.ts";
import type { Kubelet } from "./kubelet.ts";
import type { Stage } from "./stage.ts";

/** Makes namespaces, each with a pod `p1` that runs on the kubelet. */
export const runPods = async (stage: Stage, kubelet: Kubelet, namespaces: readonly string[]): Promise<void> => {
  const metadata = { name: "p1" };
  const pod = (namespace: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...metadata, namespace },
    spec: { nodeName: "n1", containers: [{ name: "main", image: "none" }], tolerations: [{ operator: "Exists" }] },
  });
  await applied(stage, [
    { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } },
    ...namespaces.map((name) => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } })),
  ]);
  await applied(stage, namespaces.map(pod));
  const admin = stage.user("admin");
  const patch = async (what: readonly string[], status: object) => {
    const args = ["patch", ...what, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })];
    expect((await stage.kubectl(admin, args)).stderr).toBe("");
  };
  await patch(["node", "n1"], {
    addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
  });
  const container = { name: "main", image: "none", imageID: "", ready: true, restartCount: 0, containerID: "x://1" };
  for (const namespace of namespaces)
    await patch(["pod", "p1", "-n", namespace], {
      phase: "Running",
      conditions: [{ type: "Ready", status: "True" }],
      containerStatuses: [{ ...container, state: { running: {} } }],
    });
};

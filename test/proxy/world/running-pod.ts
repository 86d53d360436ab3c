import type { ControlPlane } from "../../cluster/control-plane.ts";
import { applied } from "../../cluster/world/applied.ts";
import type { Kubelet } from "./kubelet.ts";

/** Makes the node `n1` of a kubelet, and the pod `p1` on it in a namespace, which counts as running. */
export const runPod = async (plane: ControlPlane, kubelet: Kubelet, namespace: string): Promise<void> => {
  await applied(plane, [
    { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  ]);
  await applied(plane, [
    {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "p1", namespace },
      spec: { nodeName: "n1", containers: [{ name: "main", image: "none" }], tolerations: [{ operator: "Exists" }] },
    },
  ]);
  const patch = async (what: readonly string[], status: object) => {
    const args = ["patch", ...what, "--subresource=status", "--type=merge", "-p", JSON.stringify({ status })];
    const { code, stderr } = await plane.kubectl(plane.user("admin"), args);
    if (code !== 0) throw new Error(stderr);
  };
  await patch(["node", "n1"], {
    addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
    daemonEndpoints: { kubeletEndpoint: { Port: kubelet.port } },
  });
  const container = { name: "main", image: "none", imageID: "", ready: true, restartCount: 0, containerID: "x://1" };
  await patch(["pod", "p1", "-n", namespace], {
    phase: "Running",
    conditions: [{ type: "Ready", status: "True" }],
    containerStatuses: [{ ...container, state: { running: {} } }],
  });
};

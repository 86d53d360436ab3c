import { once } from "node:events";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { throwAwayCertificates } from "../../../infra/local/certificates.ts";
import type { ControlPlane } from "../../cluster/control-plane.ts";
import { applied } from "../../cluster/world/applied.ts";
import { until } from "../../cluster/world/until.ts";

const groupVersion = "metrics.k8s.io/v1beta1";
const path = `/apis/${groupVersion}`;
const usage = { cpu: "250m", memory: "64Mi" };

const listOf = (kind: string, items: readonly object[]) => ({
  apiVersion: groupVersion,
  kind: `${kind}List`,
  items: items.map((item) => ({ ...item, timestamp: "2026-01-01T00:00:00Z", window: "30s" })),
});

const answerTo = (target: string): object | undefined => {
  const [, namespace] = /^\/namespaces\/([^/?]+)\/pods(?:\?|$)/.exec(target) ?? [];
  if (namespace !== undefined)
    return listOf("PodMetrics", [{ metadata: { name: "p1", namespace }, containers: [{ name: "c", usage }] }]);
  if (/^\/nodes(\?|$)/.test(target)) return listOf("NodeMetrics", [{ metadata: { name: "n1" }, usage }]);
  const resource = (name: string, kind: string, namespaced: boolean) => ({
    ...{ name, kind, namespaced, singularName: "", verbs: ["get", "list"] },
  });
  return target === ""
    ? {
        ...{ apiVersion: "v1", kind: "APIResourceList", groupVersion },
        resources: [resource("nodes", "NodeMetrics", false), resource("pods", "PodMetrics", true)],
      }
    : undefined;
};

/** Serves the metrics API behind the API server, which aggregates it. Resolves when it is available. */
export const startMetricsApi = async (plane: ControlPlane): Promise<{ readonly stop: () => void }> => {
  const { cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  const server = createServer({ cert, key }, (request, response) => {
    const answer = (request.url ?? "").startsWith(path) ? answerTo((request.url ?? "").slice(path.length)) : undefined;
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const service = { name: "metrics-api", namespace: "kube-system" };
  await applied(plane, [
    // The API server goes to the name itself, without a route of the cluster.
    { apiVersion: "v1", kind: "Service", metadata: service, spec: { type: "ExternalName", externalName: "localhost" } },
    {
      apiVersion: "apiregistration.k8s.io/v1",
      kind: "APIService",
      metadata: { name: "v1beta1.metrics.k8s.io" },
      spec: {
        ...{ group: "metrics.k8s.io", version: "v1beta1", groupPriorityMinimum: 100, versionPriority: 100 },
        ...{ insecureSkipTLSVerify: true, service: { ...service, port } },
      },
    },
  ]);
  await until("the metrics API is available", async () => {
    const { status } = await plane.api(plane.user("admin"), { path: `${path}/nodes` });
    return status === 200;
  });
  return {
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
};

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type GatewayOptions, type StreamingGateway, startStreamingGateway } from "../../runtime/streaming-gateway.ts";
import type { Front } from "./clients.ts";

/** The proxy's function behind a gateway, with one cluster. */
export interface LambdaProxy extends Front {
  readonly gateway: StreamingGateway;
  /** The lines of its log, of all instances. */
  readonly lines: () => readonly { readonly event: string; readonly [member: string]: unknown }[];
  readonly close: () => Promise<void>;
}

export interface LambdaProxyOptions extends GatewayOptions {
  /** Where the package is unpacked. */
  readonly taskRoot: string;
  /** A kubeconfig with the context `prod` and the user `actor`, as JSON. */
  readonly kubeconfig: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Makes the kubeconfig a registry of the proxy, and starts the gateway. Instances start as requests come. */
export const startLambdaProxy = async (options: LambdaProxyOptions): Promise<LambdaProxy> => {
  const { taskRoot, kubeconfig, environment } = options;
  const folder = mkdtempSync(join(tmpdir(), "proxy-registry-"));
  const registry = join(folder, "kubeconfig");
  const config = JSON.parse(kubeconfig);
  const extension = { name: "impersonation-admission", extension: { proxy: { actor: "actor" } } };
  config.contexts[0].context.extensions = [extension];
  writeFileSync(registry, JSON.stringify(config), { mode: 0o600 });
  const handler = "dist/proxy-lambda.handler";
  const deployment = { taskRoot, handler, environment: { PROXY_REGISTRY: registry, ...environment } };
  const gateway = await startStreamingGateway(deployment, options);
  return {
    gateway,
    url: `${gateway.url}/k8s/clusters/prod`,
    ca: gateway.ca,
    lines: () =>
      gateway.instances.flatMap(({ output }) =>
        output()
          .split("\n")
          .filter((line) => line.startsWith("{"))
          .map((line) => JSON.parse(line)),
      ),
    close: async () => {
      await gateway.close();
      rmSync(folder, { recursive: true });
    },
  };
};

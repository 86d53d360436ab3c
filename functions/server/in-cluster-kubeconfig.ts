import { join } from "node:path";
import type { Kubeconfig, KubeconfigUser, Source } from "../cluster/kubeconfig.ts";
import type { PodSettings } from "../settings.ts";

const none: Source = { field: "", file: "", data: Buffer.alloc(0) };

const userOf = (tokenFile: string): KubeconfigUser => ({
  ...{ certificate: none, key: none, token: "", tokenFile, as: "", asUid: "", asGroups: [], asExtra: {} },
  ...{ username: "", password: "", authProvider: false, exec: undefined },
});

/**
 * The kubeconfig of a pod, with one context: the service account's token and CA are files, which are read again (client-go
 * `rest.InClusterConfig`). Throws outside a pod.
 *
 * @param actorTokenFile the token of the acting account, whose user is called `actor`
 */
export function inClusterKubeconfig(
  { host, port, serviceAccountFolder: folder }: PodSettings,
  actorTokenFile = "",
): Kubeconfig {
  if (host === undefined || port === undefined)
    throw new Error(
      "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, so this is not a pod; elsewhere, give --kubeconfig",
    );
  const cluster = {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    ca: { field: "certificate-authority", file: join(folder, "ca.crt"), data: Buffer.alloc(0) },
    ...{ tlsServerName: "", insecure: false, proxyUrl: "", disableCompression: false, extensions: new Map() },
  };
  return {
    clusters: new Map([["pod", cluster]]),
    users: new Map([
      ["asker", userOf(join(folder, "token"))],
      ...(actorTokenFile === "" ? [] : [["actor", userOf(actorTokenFile)] as const]),
    ]),
    contexts: new Map([["pod", { cluster: "pod", user: "asker", extensions: new Map() }]]),
    currentContext: "pod",
  };
}

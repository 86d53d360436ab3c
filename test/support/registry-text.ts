import { hashOfKey } from "../../functions/webhook/caller-key.ts";

/** A cluster as it stands in a registry. */
export interface Registered {
  readonly name: string;
  readonly server: string;
  /** PEM. */
  readonly ca?: string | undefined;
  /** The user entry of the kubeconfig. */
  readonly user: object;
  /** It is EKS, although its address does not look like it. */
  readonly serverIsEks?: boolean;
  /** The key that the API server of this cluster has in its path. */
  readonly key: string;
}

/** A registry: a kubeconfig with a context for every cluster. JSON is YAML. */
export const registryText = (clusters: readonly Registered[]): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: clusters.map(({ name, server, ca }) => ({
      name,
      cluster: { server, ...(ca ? { "certificate-authority-data": Buffer.from(ca).toString("base64") } : {}) },
    })),
    users: clusters.map(({ name, user }) => ({ name, user })),
    contexts: clusters.map(({ name, key, serverIsEks }) => ({
      name,
      context: {
        cluster: name,
        user: name,
        extensions: [{ name: "impersonation-admission", extension: { keys: [hashOfKey(key)], serverIsEks } }],
      },
    })),
  });

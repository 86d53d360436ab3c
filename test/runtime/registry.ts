import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";

export interface Guarded {
  readonly name: string;
  readonly key: string;
  readonly url: string;
  readonly caData: string;
  readonly token: string;
}

const extensionsOf = (key: string) => {
  const extension = { keys: [`sha256:${createHash("sha256").update(key).digest("hex")}`] };
  return [{ name: "impersonation-admission", extension }];
};

/** Writes a registry: a kubeconfig with a context for every cluster, and the hash of its caller's key in the context's extension. */
export const writeRegistry = (file: string, ...clusters: readonly Guarded[]): Promise<void> =>
  writeFile(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: clusters.map(({ name, url, caData }) => ({
        name,
        cluster: { server: url, "certificate-authority-data": caData },
      })),
      users: clusters.map(({ name, token }) => ({ name, user: { token } })),
      contexts: clusters.map(({ name, key }) => ({
        name,
        context: { cluster: name, user: name, extensions: extensionsOf(key) },
      })),
    }),
  );

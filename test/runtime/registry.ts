import { createHash } from "node:crypto";
import { writeFile } from "node:fs/promises";

export interface Guarded {
  readonly name: string;
  readonly key: string;
  readonly url: string;
  readonly caData: string;
  readonly token: string;
}

/** Writes a registry of one cluster: a kubeconfig, with the hash of the caller's key in the context's extension. */
export const writeRegistry = (file: string, { name, key, url, caData, token }: Guarded): Promise<void> => {
  const extension = { keys: [`sha256:${createHash("sha256").update(key).digest("hex")}`] };
  return writeFile(
    file,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name, cluster: { server: url, "certificate-authority-data": caData } }],
      users: [{ name, user: { token } }],
      contexts: [
        { name, context: { cluster: name, user: name, extensions: [{ name: "impersonation-admission", extension }] } },
      ],
    }),
  );
};

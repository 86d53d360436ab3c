import type { ControlPlane } from "../control-plane.ts";

/** Applies manifests as the cluster's administrator. Throws kubectl's message where that fails. */
export const applied = async (plane: ControlPlane, manifests: string | readonly unknown[]): Promise<void> => {
  const stdin =
    typeof manifests === "string" ? manifests : JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests });
  const { code, stderr } = await plane.kubectl(plane.user("admin"), ["apply", "-f", "-"], { stdin });
  if (code !== 0) throw new Error(`kubectl apply: ${stderr}`);
};

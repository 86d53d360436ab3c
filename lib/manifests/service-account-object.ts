import type { ServiceAccount } from "../identity/service-account.ts";
import type { KubernetesObject } from "./kubernetes-object.ts";

/**
 * A service account whose token no pod gets unless it asks for it.
 *
 * @example serviceAccountObject({ namespace: "proxy", name: "actor" }).kind // "ServiceAccount"
 */
export function serviceAccountObject({ namespace, name }: ServiceAccount): KubernetesObject {
  return {
    apiVersion: "v1",
    kind: "ServiceAccount",
    metadata: { name, namespace },
    automountServiceAccountToken: false,
  };
}

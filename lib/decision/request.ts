import type { UserInfo } from "../identity/user-info.ts";
import type { Problem } from "../meta/json.ts";

/** The endpoint that was called: one patches, the other refuses what it would have to patch. */
export type Endpoint = "mutate" | "validate";

/** What the decision needs of an `admission.k8s.io/v1` AdmissionRequest. */
export interface AdmissionRequest {
  readonly operation: string;
  readonly resource: GroupVersionResource;
  /** Of the object: a subresource may take another kind than its resource. Empty where unknown. */
  readonly kind: { readonly group: string; readonly kind: string };
  /** Empty for the resource itself. */
  readonly subResource: string;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  /** A review without a readable requester can still be one that is not judged at all. */
  readonly requester: UserInfo | Problem;
  readonly object: unknown;
  readonly oldObject: unknown;
  /** Both objects again, with every number beyond +-(2^53-1) as its text (`numberText`); undefined where that cannot be had. Costs a parse. */
  readonly exact: () => { readonly object: unknown; readonly oldObject: unknown } | undefined;
}

/** `metav1.GroupVersionResource`. */
export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

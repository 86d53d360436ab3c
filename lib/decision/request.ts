import type { UserInfo } from "../identity/user-info.ts";
import type { Problem } from "../meta/json.ts";

/** The endpoint that was called: mutate patches, and validate refuses where it would have to patch. */
export type Endpoint = "mutate" | "validate";

/** The members of an `admission.k8s.io/v1` AdmissionRequest that the decision needs. */
export interface AdmissionRequest {
  readonly operation: string;
  readonly resource: GroupVersionResource;
  /** The kind of the object, which in a subresource may differ from the kind of the resource. Empty where unknown. */
  readonly kind: { readonly group: string; readonly kind: string };
  /** Empty for the resource itself. */
  readonly subResource: string;
  /** Empty for a cluster-scoped object. */
  readonly namespace: string;
  /** A problem is a denial only where the review is judged. */
  readonly requester: UserInfo | Problem;
  readonly object: unknown;
  readonly oldObject: unknown;
  /** Both objects again, with every number beyond +-(2^53-1) as its text (`numberText`); undefined where they cannot be read. Parses the review again. */
  readonly exact: () => { readonly object: unknown; readonly oldObject: unknown } | undefined;
}

/** `metav1.GroupVersionResource`. */
export interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

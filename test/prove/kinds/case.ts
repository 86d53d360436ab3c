import type { JsonObject } from "../../../lib/index.ts";
import type { Target } from "../../../lib/policy/policy.ts";
import type { Person } from "../worlds/cases.ts";

/** One write of one user. */
export interface KindsCase {
  readonly requester: Person;
  readonly target: Target;
  readonly write: {
    readonly sort: "create" | "update" | "status";
    readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
    /** Empty for a cluster-scoped object. */
    readonly namespace: string;
    /** The object that is sent. */
    readonly sent: JsonObject;
    /** The object that the API server would store, without any guard. */
    readonly after: JsonObject;
    readonly before?: JsonObject;
  };
}

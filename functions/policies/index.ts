import { type Policy, readPolicy } from "../../lib/policy/index.ts";
import razee from "./razee.json" with { type: "json" };
import razeeAudit from "./razee-audit.json" with { type: "json" };

/** The policies of this deployment, by name. A file in this folder counts once it stands in this list; the build checks them. */
export const policies: ReadonlyMap<string, Policy> = new Map(
  [razee, razeeAudit].map(readPolicy).map((policy) => [policy.name, policy]),
);

/** What a cluster gets that names no policy. */
export const defaultPolicy = "razee";

import { type RbacObject, serviceAccountImpersonatorRoles, userImpersonatorRoles } from "../../lib/manifests/index.ts";

/** The default of the webhook's own identity on a cluster. */
export const defaultAsker = "system:serviceaccount:impersonation-admission:impersonation-admission";

/** Example roles: alice may name bob and one service account of team-a. */
export function impersonatorRoles(): readonly RbacObject[] {
  return [
    ...userImpersonatorRoles("alice", "bob"),
    ...serviceAccountImpersonatorRoles("alice", { namespace: "team-a", name: "deployer" }),
  ];
}

import type { TokenUser } from "../control-plane.ts";

/** The people of the test cluster. What each may do stands in `rbac.yaml` and, for one namespace, in `namespace.ts`. */
export const users: readonly TokenUser[] = [
  // May impersonate every user, by a grant to her name.
  { name: "alice" },
  // May impersonate every user, by a grant to her group.
  { name: "dora", groups: ["platform-team"] },
  // May impersonate bob and nobody else.
  { name: "finn" },
  // May impersonate nobody.
  { name: "bob" },
  { name: "carl" },
  { name: "stranger" },
  // A member of a group that grants nothing.
  { name: "gina", groups: ["team-a"] },
  // cluster-admin by a RoleBinding, that is, in one namespace.
  { name: "nsadmin" },
  // May impersonate the service accounts of one namespace, as every editor of a namespace may.
  { name: "editor" },
  // Called like the value that Razee's controllers take for themselves.
  { name: "razeedeploy" },
  // A name that no HTTP header can be trusted with.
  { name: "zo\u00eb" },
  // Whom the webhook asks its questions as.
  { name: "impersonation-admission" },
];

/** The username of the webhook's own identity. */
export const webhookUser = "impersonation-admission";
/** The username of Razee's controllers. */
export const razeeController = "system:serviceaccount:razeedeploy:razeedeploy-sa";

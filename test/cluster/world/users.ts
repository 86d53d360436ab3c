import type { TokenUser } from "../control-plane.ts";

/** The users of the test cluster. Their permissions are in `rbac.yaml` and, for one namespace, in `namespace.ts`. */
export const users: readonly TokenUser[] = [
  // May impersonate every user, by a grant to her name.
  { name: "alice" },
  // May impersonate every user, by a grant to her group.
  { name: "dora", groups: ["platform-team"] },
  // May impersonate only bob.
  { name: "finn" },
  // May not impersonate other users.
  { name: "bob" },
  { name: "carl" },
  { name: "stranger" },
  // A member of a group that grants nothing.
  { name: "gina", groups: ["team-a"] },
  // cluster-admin by a RoleBinding, that is, in one namespace.
  { name: "nsadmin" },
  // May impersonate the service accounts of one namespace, as every editor of a namespace may.
  { name: "editor" },
  // Has the name of the value that Razee's controllers read as their own identity.
  { name: "razeedeploy" },
  // A name that cannot be sent safely in an HTTP header.
  { name: "zo\u00eb" },
  // The webhook's own identity, which asks its questions.
  { name: "impersonation-admission" },
];

/** The username of the webhook's own identity. */
export const webhookUser = "impersonation-admission";
/** The username of Razee's controllers. */
export const razeeController = "system:serviceaccount:razeedeploy:razeedeploy-sa";

import { serviceAccountOf } from "./service-account.ts";

const authenticated = "system:authenticated";
const unauthenticated = "system:unauthenticated";

/** The username of requests that bring no credential. */
export const anonymous = "system:anonymous";

/**
 * The groups of an impersonated user (`k8s.io/apiserver` pkg/endpoints/filters/impersonation): those that were asked for; without any, a
 * service account has those of its namespace. `system:authenticated` is added unless it or `system:unauthenticated` is there, and for
 * `system:anonymous` only `system:unauthenticated` is.
 *
 * @example impersonatedGroups("alice", []) // ["system:authenticated"]
 */
export function impersonatedGroups(username: string, asked: readonly string[]): readonly string[] {
  const account = asked.length === 0 ? serviceAccountOf(username) : undefined;
  const groups = account ? ["system:serviceaccounts", `system:serviceaccounts:${account.namespace}`] : asked;
  if (username === anonymous) return groups.includes(unauthenticated) ? groups : [...groups, unauthenticated];
  return groups.includes(authenticated) || groups.includes(unauthenticated) ? groups : [...groups, authenticated];
}

/**
 * The groups of a user who has proved who it is (`k8s.io/apiserver` pkg/authentication/group NewAuthenticatedGroupAdder): its own, and
 * `system:authenticated`, except for `system:anonymous` and for a user that has that group or `system:unauthenticated`.
 *
 * @example authenticatedGroups({ username: "alice", groups: ["dev"] }) // ["dev", "system:authenticated"]
 */
export function authenticatedGroups({
  username,
  groups,
}: {
  readonly username: string;
  readonly groups: readonly string[];
}): readonly string[] {
  return username === anonymous || groups.includes(authenticated) || groups.includes(unauthenticated)
    ? groups
    : [...groups, authenticated];
}

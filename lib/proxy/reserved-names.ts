import type { UserInfo } from "../identity/user-info.ts";

const prefix = "system:";

/** Whether Kubernetes reserves a name of a user or group for itself. */
export function isReservedName(name: string): boolean {
  return name.startsWith(prefix);
}

/**
 * The first of a user's names, its username before its groups, that is reserved and not allowed. The proxy's own configuration brings no
 * user with such a name: an issuer of tokens or a CA could otherwise make anybody a node or a member of `system:masters`. To be asked
 * before `system:authenticated` is added.
 *
 * @param allowed exact names
 * @example reservedNameOf({ username: "alice", groups: ["system:masters"], extra: {} }, new Set()) // "system:masters"
 */
export function reservedNameOf({ username, groups }: UserInfo, allowed: ReadonlySet<string>): string | undefined {
  return [username, ...groups].find((name) => isReservedName(name) && !allowed.has(name));
}

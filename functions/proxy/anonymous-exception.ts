import type { ConcludeOptions } from "../../lib/proxy/index.ts";

/**
 * Reads GROUPPREFIX/RESOURCE; undefined for anything else.
 *
 * @example anonymousExceptionOf("login.example.com/tokens") // { groupPrefix: "login.example.com", resource: "tokens" }
 */
export function anonymousExceptionOf(text: unknown): ConcludeOptions["anonymousException"] {
  const [, groupPrefix, resource] = /^([a-z0-9.-]+)\/([a-z0-9]+)$/.exec(String(text)) ?? [];
  return groupPrefix === undefined || resource === undefined ? undefined : { groupPrefix, resource };
}

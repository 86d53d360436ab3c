import { serviceAccountOf } from "../../lib/identity/index.ts";
import type { Connection } from "./connection.ts";
import { readOwnRules } from "./own-rules.ts";

/** What the account that impersonates may do besides. */
export interface ActorRights {
  /** Everything but `impersonate` that a user with its implied groups only may not do. */
  readonly excess: readonly string[];
  /** Whether an authorizer did not tell all. */
  readonly isIncomplete: boolean;
  /** Where it was looked at. A RoleBinding in another namespace is not seen. */
  readonly namespaces: readonly string[];
}

/** A user that no cluster has, so that it has the rights of its implied groups only. */
const invented = "impersonation-admission-invented";

/**
 * Compares the rules of the acting account with those of an invented user, which it impersonates.
 *
 * @param username the acting account's
 * @param patience for each request, in milliseconds
 * @throws where the rules cannot be read
 */
export async function readActorRights(acting: Connection, username: string, patience: number): Promise<ActorRights> {
  const account = serviceAccountOf(username);
  const plainUser = account ? `system:serviceaccount:${account.namespace}:${invented}` : invented;
  const namespaces = [...new Set(["default", "kube-system", ...(account ? [account.namespace] : [])])];
  const rulesOf = async (namespace: string, as?: string) => {
    try {
      return await readOwnRules(acting, namespace, AbortSignal.timeout(patience), as);
    } catch (error) {
      const what = as === undefined ? "the rules of the acting account" : "the rules of a user that it impersonates";
      throw new Error(
        `${what} could not be read: ${error instanceof Error ? error.message : error}; it must be allowed to impersonate users, groups, serviceaccounts, and userextras and uids of authentication.k8s.io`,
      );
    }
  };
  const excess = new Set<string>();
  let isIncomplete = false;
  for (const namespace of namespaces) {
    const own = await rulesOf(namespace);
    const common = await rulesOf(namespace, plainUser);
    isIncomplete ||= own.isIncomplete;
    for (const rule of own.rules) if (!common.rules.has(rule) && !rule.startsWith("impersonate ")) excess.add(rule);
  }
  return { excess: [...excess], isIncomplete, namespaces };
}

/** The excess in words: the first ten, and how many more. */
export function formatExcess(excess: readonly string[]): string {
  const more = excess.length - 10;
  return `${excess.slice(0, 10).join(", ")}${more > 0 ? `, and ${more} more` : ""}`;
}

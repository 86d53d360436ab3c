import { impersonatedGroups } from "../../lib/identity/implied-groups.ts";
import { serviceAccountOf, serviceAccountUsername } from "../../lib/identity/index.ts";
import type { Connection } from "../cluster/connection.ts";
import type { Identify } from "../cluster/identify.ts";
import { type RulesOf, readOwnRules } from "../cluster/own-rules.ts";

/** The two accounts of a proxy, as the API server names them. */
export interface ProxyAccounts {
  readonly asker: string;
  readonly actor: string;
  /** What could not be found out. */
  readonly warnings: readonly string[];
}

/** How long the start may take to look at them. */
const patience = 10_000;
/** A user that no cluster has, so that it has the rights of its groups only. */
const invented = "impersonation-admission-invented";
/** `impersonate`, and the verbs of constrained impersonation: `impersonate:MODE` and `impersonate-on:MODE:VERB`. */
const isImpersonation = (rule: string): boolean => /^impersonate(:[a-z-]+|-on:[a-z-]+:[a-z]+)? /.test(rule);

/**
 * Looks at the account that asks and at the one that impersonates. Throws where they are the same, where the token of the second is not
 * accepted, and where it may do more than impersonate.
 *
 * @param token of the acting account; undefined where it has none
 */
export async function checkAccounts(
  asking: Connection,
  acting: Connection,
  identify: Identify,
  token: string | undefined,
): Promise<ProxyAccounts> {
  if (token === undefined)
    throw new Error("the acting account has no token; give it a token, a tokenFile or an exec plugin");
  const identity = await identify(token, Date.now() + patience);
  if ("failure" in identity) throw new Error(`the acting account could not be looked up: ${identity.failure}`);
  if ("refused" in identity)
    throw new Error("the API server does not accept the token of the acting account; renew it");
  const actor = identity.user.username;
  const asker = await ownName(asking);
  if (asker === actor)
    throw new Error(
      `both accounts are ${JSON.stringify(asker)}; the account that asks and the one that impersonates must differ`,
    );
  const account = serviceAccountOf(actor);
  // An ordinary name: constrained impersonation refuses a service account that is sent with its groups.
  const plainUser = {
    username: invented,
    groups: impersonatedGroups(account ? serviceAccountUsername({ ...account, name: invented }) : invented, []),
  };
  const namespaces = new Set(["default", "kube-system", ...(account ? [account.namespace] : [])]);
  const excess = new Set<string>();
  let isIncomplete = false;
  for (const namespace of namespaces) {
    const own = await rulesOf(acting, namespace);
    const common = await rulesOf(acting, namespace, plainUser);
    isIncomplete ||= own.isIncomplete;
    for (const rule of own.rules) if (!common.rules.has(rule) && !isImpersonation(rule)) excess.add(rule);
  }
  if (excess.size > 0)
    throw new Error(
      `the acting account ${JSON.stringify(actor)} may do more than impersonate: ${[...excess].slice(0, 10).join(", ")}${excess.size > 10 ? `, and ${excess.size - 10} more` : ""}; take these rights away from it, or name another actor`,
    );
  const warning = `what ${JSON.stringify(actor)} may do is not known in full, because an authorizer besides RBAC does not tell`;
  return { asker, actor, warnings: isIncomplete ? [warning] : [] };
}

const rulesOf = async (acting: Connection, namespace: string, as?: RulesOf) => {
  try {
    return await readOwnRules(acting, namespace, AbortSignal.timeout(patience), as);
  } catch (error) {
    const what = as === undefined ? "the rules of the acting account" : "the rules of a user that it impersonates";
    throw new Error(
      `${what} could not be read: ${error instanceof Error ? error.message : error}; it must be allowed to impersonate users, groups, serviceaccounts, and userextras and uids of authentication.k8s.io (manifests --proxy prints its role; with --constrained the cluster must be Kubernetes 1.36 or later)`,
    );
  }
};

const ownName = async ({ send }: Connection): Promise<string> => {
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const { status, text } = await send({
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: JSON.stringify(review),
    signal: AbortSignal.timeout(patience),
  });
  if (status !== 201)
    throw new Error(
      `the asking account could not be looked up: the API server answered ${status}; see its credentials`,
    );
  return JSON.parse(text).status.userInfo.username;
};

import { formatExcess, readActorRights } from "../../functions/cluster/actor-rights.ts";
import type { Connection } from "../../functions/cluster/connection.ts";
import type { Identify } from "../../functions/cluster/identify.ts";
import { UsageError } from "../command-line/usage.ts";

/** The two accounts of a proxy, as the API server names them. */
export interface ProxyAccounts {
  readonly asker: string;
  readonly actor: string;
  /** What could not be found out. */
  readonly warnings: readonly string[];
}

/** How long the start may take to look at them. */
const patience = 10_000;

/**
 * Looks at the account that asks and at the one that impersonates. Throws where they are the same, where the token of the second is not
 * accepted, and where it may do more than impersonate.
 *
 * @param token of the acting account
 */
export async function checkProxyAccounts(
  asking: Connection,
  acting: Connection,
  identify: Identify,
  token: string,
): Promise<ProxyAccounts> {
  const identity = await identify(token, Date.now() + patience);
  if ("failure" in identity) throw new UsageError(`the acting account could not be looked up: ${identity.failure}`);
  if ("refused" in identity)
    throw new UsageError("the API server does not accept the token of the acting account; renew it");
  const actor = identity.user.username;
  const asker = await ownName(asking);
  if (asker === actor)
    throw new UsageError(
      `both accounts are ${JSON.stringify(asker)}; the account that asks and the one that impersonates must differ`,
    );
  const { excess, isIncomplete } = await readActorRights(acting, actor, patience).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  if (excess.length > 0)
    throw new UsageError(
      `the acting account ${JSON.stringify(actor)} may do more than impersonate: ${formatExcess(excess)}; take these rights away from it, or name another --actor`,
    );
  const warning = `what ${JSON.stringify(actor)} may do is not known in full, because an authorizer besides RBAC does not tell`;
  return { asker, actor, warnings: isIncomplete ? [warning] : [] };
}

const ownName = async ({ send }: Connection): Promise<string> => {
  const review = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
  const { status, text } = await send({
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: JSON.stringify(review),
    signal: AbortSignal.timeout(patience),
  });
  if (status !== 201)
    throw new UsageError(
      `the asking account could not be looked up: the API server answered ${status}; see its credentials`,
    );
  return JSON.parse(text).status.userInfo.username;
};

import type { Connection } from "../../functions/cluster/connection.ts";
import { credentialsFrom } from "../../functions/cluster/credentials.ts";
import { identifyOf } from "../../functions/cluster/identify.ts";
import { checkAccounts } from "../../functions/proxy/check-accounts.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";

/** The two accounts of a proxy, from its kubeconfig. */
export interface AccountsOfProxy {
  /** The cluster, with the account that asks as its user. */
  readonly asking: Connection;
  /** The cluster, with the acting account as its user. */
  readonly acting: Connection;
}

/** The username of the acting account, and what is wrong with the accounts. */
export interface CheckedActor {
  readonly actor: string | undefined;
  readonly result: CheckResult;
}

const check = "proxy-actor";

/** Checks the two accounts as the start of the proxy does: they differ, and the acting one may impersonate and nothing else. */
export async function checkProxyActor(accounts: AccountsOfProxy | undefined): Promise<CheckedActor> {
  if (accounts === undefined)
    return {
      actor: undefined,
      result: warn(
        check,
        "the rights of the acting account were not checked",
        "name it with --actor, a user of the proxy's kubeconfig (--actor-kubeconfig)",
      ),
    };
  const { asking, acting } = accounts;
  try {
    const token = await tokenOf(acting);
    const { asker, actor, warnings } = await checkAccounts(asking, acting, identifyOf(asking), token);
    const name = JSON.stringify(actor);
    const [warning] = warnings;
    return {
      actor,
      result:
        warning === undefined
          ? ok(check, `${name} may impersonate, and nothing else that was looked at; ${JSON.stringify(asker)} asks`)
          : warn(
              check,
              warning,
              `check the rights of ${name} in the other authorizers of this cluster: it may impersonate, and nothing else`,
            ),
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { actor: undefined, result: fail(check, message, "put it right; the proxy does not start with it") };
  }
}

const tokenOf = async ({ context }: Connection): Promise<string | undefined> => {
  const { headers = {} } = await credentialsFrom(context)();
  const value = Object.entries(headers).find(([name]) => name.toLowerCase() === "authorization")?.[1];
  return value === undefined ? undefined : String(value).replace(/^Bearer /, "");
};

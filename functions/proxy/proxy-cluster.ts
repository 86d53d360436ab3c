import { isObject } from "../../lib/meta/json.ts";
import type { ConcludeOptions } from "../../lib/proxy/index.ts";
import { type ClientTrust, clientTrustFault, keepClientTrust, noClientTrust } from "../certificates/client-trust.ts";
import { keepClusterTrust } from "../certificates/keep-cluster-trust.ts";
import type { OwnAuthority } from "../certificates/own-authority.ts";
import { askOf } from "../cluster/ask.ts";
import type { ConnectionOptions } from "../cluster/connection.ts";
import { openConnection } from "../cluster/connection.ts";
import { identifyOf } from "../cluster/identify.ts";
import type { Kubeconfig } from "../cluster/kubeconfig.ts";
import { within } from "../net/within.ts";
import type { ClusterReader } from "../registry/read-registry.ts";
import { anonymousExceptionOf } from "./anonymous-exception.ts";
import { checkAccounts, type ProxyAccounts } from "./check-accounts.ts";
import type { AccountsLog } from "./log-entries.ts";
import { type NamedActor, openActor } from "./open-actor.ts";
import { type RememberedAsk, type RememberedIdentify, rememberAnswers, rememberIdentities } from "./remember.ts";
import { openUpstream, type Upstream } from "./upstream.ts";

/** A cluster behind the proxy. */
export interface ProxyCluster {
  /** In the path, in messages and in the log. */
  readonly name: string;
  /** Asked with the credentials of the asking account, as is `ask`. */
  readonly identify: RememberedIdentify;
  readonly ask: RememberedAsk;
  /** Whose client certificates count now. The same object until that changes. */
  readonly clientTrust: () => ClientTrust;
  /** Reads again what the API server says of them. Returns what is wrong, for the operator. */
  readonly refreshTrust: () => Promise<string | undefined>;
  readonly upstream: Upstream;
  readonly concluding: ConcludeOptions;
  /** Checks the two accounts, once for the life of this entry; again after a failure. Rejects with a sentence for the operator. */
  readonly accounts: () => Promise<ProxyAccounts>;
  /**
   * Why no request may go to it, a sentence for its callers; undefined where its accounts have been checked.
   *
   * @param deadline milliseconds since the epoch
   */
  readonly doubt: (deadline: number) => Promise<string | undefined>;
  /** Ends all connections and their requests. */
  readonly close: () => void;
}

export interface ProxyClusterOptions extends ConcludeOptions {
  readonly name: string;
  readonly kubeconfig: Kubeconfig;
  /** Its user asks. */
  readonly context: string;
  readonly actor: NamedActor;
  readonly connecting?: ConnectionOptions;
  /** Absent: no client is asked for a certificate, and the API server is not asked whose count. */
  readonly own?: (() => OwnAuthority) | undefined;
  readonly log: AccountsLog;
}

/** A request has up to two questions for each identity that it names, and many requests come at once. */
const asking = { mostAtOnce: 64, mostWaiting: 4_096 };
/** The least time between two checks of accounts that failed, in milliseconds. */
const restAfterFailure = 5_000;

/** Opens a cluster for the proxy. Throws where the kubeconfig cannot work. Sends nothing before the first use. */
export function openProxyCluster(options: ProxyClusterOptions): ProxyCluster {
  const { name, kubeconfig, context, actor, connecting, uid, anonymousException, own, log } = options;
  const connection = openConnection(kubeconfig, context, { ...connecting, ...asking });
  const acting = openActor(kubeconfig, context, actor, connecting);
  const upstream = openUpstream(acting.context);
  const identify = identifyOf(connection);
  const trust = keepClusterTrust(connection);
  const trustFault = () => own && clientTrustFault({ cluster: trust.current(), own: own() });
  const proxied = `the accounts of the proxy at cluster ${JSON.stringify(name)}`;
  let doubt: string | undefined = `${proxied} have not been checked yet; try again`;
  let checking: Promise<ProxyAccounts> | undefined;
  const check = async (): Promise<ProxyAccounts> => {
    try {
      const token = await upstream.actorToken().catch(() => undefined);
      const found = await checkAccounts(connection, acting, identify, token);
      const problem = own && (await trust.refresh(found.asker));
      const fault = trustFault();
      if (fault !== undefined) throw new Error(fault);
      const checked = { ...found, warnings: [...found.warnings, ...(problem === undefined ? [] : [problem])] };
      doubt = undefined;
      log({ event: "accounts", cluster: name, ...checked });
      return checked;
    } catch (error) {
      doubt = `${proxied} cannot be used; its log says why`;
      log({ event: "accounts", cluster: name, problem: error instanceof Error ? error.message : String(error) });
      setTimeout(() => {
        checking = undefined;
      }, restAfterFailure).unref();
      throw error;
    }
  };
  const accounts = (): Promise<ProxyAccounts> => {
    checking ??= check();
    return checking;
  };
  return {
    name,
    identify: rememberIdentities(identify),
    ask: rememberAnswers(askOf(connection)),
    upstream,
    concluding: { uid, ...(anonymousException && { anonymousException }) },
    clientTrust: own ? keepClientTrust(trust.current, own) : () => noClientTrust,
    refreshTrust: async () => {
      // A cluster whose accounts cannot be used serves no request.
      const found = own && (await accounts().catch(() => undefined));
      return found && ((await trust.refresh(found.asker)) ?? trustFault());
    },
    accounts,
    doubt: async (deadline) => {
      if (doubt !== undefined)
        await within(
          deadline - Date.now(),
          accounts().catch(() => {}),
        );
      return doubt;
    },
    close: () => {
      upstream.close();
      acting.close();
      connection.close();
    },
  };
}

const member = "impersonation-admission.proxy";

/** The proxy's member of a context's extension: `proxy: { actor, uid, anonymousException }`, of which `actor` must be there. */
export const proxyClusters = (
  own: (() => OwnAuthority) | undefined,
  log: AccountsLog,
): ClusterReader<ProxyCluster> => ({
  members: ["proxy"],
  read: ({ name, extension, kubeconfig, context, connecting }) => {
    const settings = extension["proxy"];
    if (!isObject(settings) || typeof settings["actor"] !== "string")
      throw new Error(`${member}.actor in its extensions must name the user of the kubeconfig that impersonates`);
    const { actor, uid = "passthrough", anonymousException, ...others } = settings;
    if (Object.keys(others).length > 0)
      throw new Error(
        `${member} in its extensions has an unknown member; the known ones are actor, uid, anonymousException`,
      );
    if (uid !== "passthrough" && uid !== "impersonate")
      throw new Error(`${member}.uid in its extensions must be passthrough or impersonate`);
    const exception = anonymousException === undefined ? undefined : anonymousExceptionOf(anonymousException);
    if (exception === undefined && anonymousException !== undefined)
      throw new Error(
        `${member}.anonymousException in its extensions is not GROUPPREFIX/RESOURCE, such as login.example.com/tokens`,
      );
    return openProxyCluster({
      ...{ name, kubeconfig, context, connecting, uid, own, log },
      actor: { user: String(actor), field: `${member}.actor` },
      ...(exception && { anonymousException: exception }),
    });
  },
});

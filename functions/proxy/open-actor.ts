import { type Connection, type ConnectionOptions, openConnection } from "../cluster/connection.ts";
import type { Kubeconfig } from "../cluster/kubeconfig.ts";

/** Where a kubeconfig's acting account is named. */
export interface NamedActor {
  /** A user of the kubeconfig. */
  readonly user: string;
  /** The option or the field that names it, for messages. */
  readonly field: string;
}

/**
 * Opens the way to a context's API server as the acting account, which is another user of the same kubeconfig. Throws where that user cannot
 * act: it needs a token, and a client certificate or an impersonation of its own would count before the caller of a request.
 */
export function openActor(
  kubeconfig: Kubeconfig,
  contextName: string,
  { user: name, field }: NamedActor,
  options: ConnectionOptions = {},
): Connection {
  const context = kubeconfig.contexts.get(contextName);
  const user = kubeconfig.users.get(name);
  if (user === undefined) throw new Error(`${field} ${name} is not a user of the kubeconfig`);
  if (context?.user === name)
    throw new Error(
      `${field} ${name} is the user of the context ${JSON.stringify(contextName)} too; the account that asks and the one that impersonates must differ`,
    );
  if (user.certificate.file !== "" || user.certificate.data.length > 0)
    throw new Error(
      `${field} ${name} has a client certificate, which would count before the token of a request that is passed on; give it a token alone`,
    );
  if (user.as !== "")
    throw new Error(`${field} ${name} impersonates another user (as); name that user's own credential`);
  const acting = { cluster: context?.cluster ?? "", user: name, extensions: new Map() };
  return openConnection({ ...kubeconfig, contexts: new Map([[contextName, acting]]) }, contextName, options);
}

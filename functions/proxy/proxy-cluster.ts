import type { ClientTrust } from "../certificates/client-trust.ts";
import type { Ask } from "../cluster/ask.ts";
import type { Identify } from "../cluster/identify.ts";
import type { Upstream } from "./upstream.ts";

/** A cluster behind the proxy. */
export interface ProxyCluster {
  /** In messages and in the log. */
  readonly name: string;
  /** Asked with the credentials of the asking account, as is `ask`. */
  readonly identify: Identify;
  readonly ask: Ask;
  /** Whose client certificates count now. Absent where no certificate is asked for. */
  readonly clientTrust?: () => ClientTrust;
  readonly upstream: Upstream;
}

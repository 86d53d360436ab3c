import type { Context } from "aws-lambda";
import type { Minting } from "../../functions/cluster/checked-context.ts";
import { readRegistry } from "../../functions/registry/read-registry.ts";
import { createHandler } from "../../functions/webhook/handler.ts";
import { webhookClusters } from "../../functions/webhook/webhook-cluster.ts";
import { httpApi } from "./gateway-events.ts";
import { type Registered, registryText } from "./registry-text.ts";

/** One call of a cluster's API server. */
export interface WebhookCall {
  readonly cluster: string;
  readonly key: string;
  /** An AdmissionReview. */
  readonly body: string;
  /** As the API server writes it, such as `10s`. */
  readonly timeout?: string;
  /** Default: now. */
  readonly receivedAt?: number;
  /** Milliseconds until the function is ended. */
  readonly remaining?: number;
}

/** The requester's view of the answer, and the time that it took. */
export interface Called {
  readonly allowed: boolean;
  /** Of a denial. */
  readonly code: number | undefined;
  readonly message: string | undefined;
  readonly decision: string;
  readonly milliseconds: number;
}

const noTokens: Minting = {
  mint: () => Promise.reject(new Error("no token is minted here")),
  region: undefined,
};

/** The function with a registry, called as an HTTP API would. Throws where no verdict comes back. */
export const callerOf = (clusters: readonly Registered[], directory = "/nowhere", minting: Minting = noTokens) => {
  const registry = readRegistry({ text: registryText(clusters), directory }, minting, webhookClusters);
  if (registry.problems.length > 0) throw new Error(registry.problems.join("; "));
  const handler = createHandler({ registry, log: () => {} });
  return async ({
    cluster,
    key,
    body,
    timeout = "10s",
    receivedAt,
    remaining = 15_000,
  }: WebhookCall): Promise<Called> => {
    const started = performance.now();
    const event = httpApi({
      path: `/clusters/${cluster}/${key}/mutate`,
      headers: { "content-type": "application/json" },
      query: { timeout },
      body,
      ...(receivedAt === undefined ? {} : { receivedAt }),
    });
    const result = await handler(event, { getRemainingTimeInMillis: () => remaining } as Context);
    const { statusCode, body: text } = result as { statusCode: number; body: string };
    const { response } = JSON.parse(text);
    if (statusCode !== 200 || !response) throw new Error(`no verdict came back: ${statusCode} ${text}`);
    return {
      allowed: response.allowed,
      code: response.status?.code,
      message: response.status?.message,
      decision: response.auditAnnotations.decision,
      milliseconds: performance.now() - started,
    };
  };
};

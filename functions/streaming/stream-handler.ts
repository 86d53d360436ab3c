import { Readable } from "node:stream";
import type { Context } from "aws-lambda";
import { isProblem } from "../../lib/meta/json.ts";
import { type StatusObject, statusObject } from "../../lib/meta/status.ts";
import type { HttpEvent } from "../gateway/read-event.ts";
import { type ProxiedRequest, readProxiedRequest } from "../gateway/read-proxied-request.ts";
import type { AdmitOptions } from "../proxy/admit.ts";
import { type Ended, forward } from "../proxy/forward.ts";
import { handleRequest } from "../proxy/handle-request.ts";
import type { RequestEntry, RequestLog } from "../proxy/log-entries.ts";
import type { ProxyCluster } from "../proxy/proxy-cluster.ts";
import type { RefusalClass } from "../proxy/refusal-class.ts";
import { refuse } from "../proxy/refuse.ts";
import { type ProxiedClusters, routeOf } from "../proxy/route.ts";
import { xrayHeader } from "../settings.ts";
import { framesOf } from "../telemetry/frames.ts";
import type { Invocation } from "../telemetry/log-line.ts";
import { xrayTraceIdOf } from "../telemetry/trace.ts";
import { cappedWatch } from "./capped-watch.ts";
import { type LambdaReply, type LambdaStream, lambdaReply } from "./lambda-reply.ts";
import { needsServer } from "./needs-server.ts";
import type { ProxyLog } from "./split-proxy-entry.ts";

export interface StreamHandlerOptions {
  readonly clusters: Extract<ProxiedClusters, { readonly named: unknown }>;
  /** Whose tokens count besides those of the clusters. */
  readonly issuers: AdmitOptions["issuers"];
  /** Awaited when an answer has ended: afterwards Lambda freezes the instance. */
  readonly refreshed: (deadline: number) => Promise<void>;
  readonly log: ProxyLog;
  /** The seconds after which a watch ends. */
  readonly watchSeconds: number;
}

/** The answer that was begun is not whole. The runtime passes the error on to the gateway behind the answer, and the instance lives. */
class IncompleteAnswer extends Error {
  override name = "IncompleteAnswer";
}

/** The part of the function's time that is reserved for ending an answer, in milliseconds. */
const ending = 2_000;
const usualMilliseconds = 60_000;
/** Milliseconds without a request after which the connections to a cluster may have been frozen, and lost, with the instance. */
const longestPause = 1_000;

/** One instance answers one request at a time. */
const enter = () => () => {};

/**
 * Creates the Lambda handler of the proxy, for `awslambda.streamifyResponse`. Every refusal is a `metav1.Status`. It rejects only for an
 * answer that was begun and is not whole.
 */
export function createStreamHandler({ clusters, issuers, refreshed, log, watchSeconds }: StreamHandlerOptions) {
  let cold = true;
  const usedAt = new WeakMap<ProxyCluster, number>();
  let used: ProxyCluster | undefined;
  const named: typeof clusters.named = async (name, deadline) => {
    const cluster = await clusters.named(name, deadline);
    if (cluster && !isProblem(cluster)) {
      if (Date.now() - (usedAt.get(cluster) ?? 0) > longestPause) cluster.upstream.reconnect();
      used = cluster;
    }
    return cluster;
  };

  return async (event: HttpEvent, out: LambdaStream, context: Context): Promise<void> => {
    const until = Date.now() + context.getRemainingTimeInMillis() - ending;
    const reply = lambdaReply(out, (prelude) => {
      awslambda.HttpResponseStream.from(out as awslambda.HttpResponseStream, { ...prelude });
    });
    const invocation = { cold, ...invocationOf(context) };
    cold = false;
    used = undefined;
    let last: RequestEntry | undefined;
    const record: RequestLog = (entry) => {
      last = entry;
      log({ ...entry, ...invocation });
    };
    try {
      await answer(event, reply, until, record);
    } catch (error) {
      log({ event: "fault", fault: framesOf(error), ...invocation });
      refusing(reply)(statusObject(500, "Internal error occurred: the proxy failed"));
    }
    await reply.closed;
    if (used) usedAt.set(used, Date.now());
    await refreshed(until);
    if (reply.isCut()) throw new IncompleteAnswer(last?.reason ?? "the proxy failed");
  };

  async function answer(event: HttpEvent, reply: LambdaReply, until: number, record: RequestLog): Promise<void> {
    const refused = refusing(reply);
    const refuseUnread = (peer: string, status: StatusObject, refusal: RefusalClass): void => {
      const time = new Date().toISOString();
      record({ event: "request", time, peer, decision: "refused", ...refused(status), refusal, milliseconds: 0 });
    };
    const request = readProxiedRequest(event);
    if (isProblem(request)) return refuseUnread("", statusObject(400, request.problem), "malformed");
    const route = routeOf(request.target);
    const refusal = route && needsServer(request, route.target);
    if (refusal) return refuseUnread(request.peer, refusal, "unsupported");
    const seconds = Math.max(1, Math.min(watchSeconds, Math.floor((until - Date.now()) / 1_000)));
    const target = route ? route.prefix + cappedWatch(request.method, route.target, seconds) : request.target;
    const mostMilliseconds = Math.max(1, Math.min(usualMilliseconds, until - Date.now()));
    await handleRequest(
      arrivalOf(request, target),
      { clusters: { named }, issuers, enter, mostMilliseconds, log: record },
      refused,
      (admitted) =>
        forward(
          {
            ...admitted,
            prefix: request.base + admitted.prefix,
            // Logs that are followed have no end of their own.
            deadline: admitted.deadline ?? until,
          },
          request.body && Readable.from([request.body]),
          reply,
        ),
    );
  }
}

const arrivalOf = ({ method, lines, peer }: ProxiedRequest, target: string) => ({ method, target, lines, peer });

const refusing =
  (reply: LambdaReply) =>
  (refusal: StatusObject): Ended => {
    if (reply.hasResponded()) {
      reply.cut();
      return { status: 0, bytes: 0 };
    }
    return { status: refusal.code, bytes: refuse(reply, refusal), reason: refusal.message };
  };

/** The Node 24 runtime has the tracing header in the context as well, where another invocation cannot replace it. */
const invocationOf = (context: Context & { readonly xRayTraceId?: string }): Invocation => ({
  requestId: context.awsRequestId,
  xrayTraceId: xrayTraceIdOf(context.xRayTraceId ?? xrayHeader()),
});

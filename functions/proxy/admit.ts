import { isProblem } from "../../lib/meta/index.ts";
import { type StatusObject, statusObject } from "../../lib/meta/status.ts";
import {
  type Caller,
  concludeRequest,
  type HeaderLine,
  isLongRunning,
  judgeRequest,
  outgoingLines,
  type RequestInfo,
  readRequestInfo,
  requestTimeout,
  webSocketProtocolsOf,
} from "../../lib/proxy/index.ts";
import { identifyByCertificate } from "../certificates/identify-by-certificate.ts";
import type { PeerCertificate } from "../certificates/peer-certificate.ts";
import type { TokenIssuers } from "../oidc/open-token-issuers.ts";
import { authenticate } from "./authenticate.ts";
import { countLookUps } from "./count-look-ups.ts";
import { isOfForeignOrigin } from "./foreign-origin.ts";
import { framingFault } from "./framing-fault.ts";
import type { Enter } from "./in-flight.ts";
import type { RequestEntry } from "./log-entries.ts";
import type { RefusalClass } from "./refusal-class.ts";
import { type ProxiedClusters, routeOf } from "./route.ts";
import type { UpgradeProtocol } from "./upgrade-protocol.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";

/** A request as it arrived. */
export interface Arrival {
  readonly method: string;
  readonly target: string;
  /** With the pseudo headers of HTTP/2. */
  readonly lines: readonly HeaderLine[];
  readonly peer: string;
  /** The client's, from the TLS handshake; undefined where it showed none. */
  readonly certificate?: PeerCertificate | undefined;
  /** Undefined for an ordinary request. */
  readonly upgrade?: UpgradeProtocol | undefined;
}

/** What is known of a request for the log. */
export type RequestFacts = Omit<
  RequestEntry,
  "event" | "time" | "decision" | "reason" | "refusal" | "brokenOffBy" | "status" | "bytes" | "milliseconds"
>;

/** A request that may go on. */
export interface Admitted {
  readonly facts: RequestFacts;
  readonly request: UpstreamRequest;
  readonly upstream: Upstream;
  /** The proxy's part of the path. */
  readonly prefix: string;
  /** Milliseconds since the epoch; undefined for what is long-running. */
  readonly deadline: number | undefined;
  /** Whether a 401 can be the answer of something behind the API server. */
  readonly isProxied: boolean;
  /** To be called once, when the request has ended. */
  readonly leave: () => void;
}

export interface Refused {
  readonly facts: RequestFacts;
  readonly refusal: StatusObject;
  /** What the log says in place of the refusal's message. */
  readonly reason?: string;
  /** Absent where the code says it all. */
  readonly refusalClass?: RefusalClass;
}

export interface AdmitOptions {
  readonly clusters: ProxiedClusters;
  readonly issuers?: Pick<TokenIssuers, "identify"> | undefined;
  readonly enter: Enter;
  /** Milliseconds that a request may take at most, if it is not long-running. */
  readonly mostMilliseconds: number;
}

/** The time for questions to the cluster about a caller and its permissions, in milliseconds. */
const askingTime = 10_000;

/** The first steps of each request, in order: its route, its request info, its caller, and the decision. */
export async function admit(arrival: Arrival, options: AdmitOptions): Promise<Admitted | Refused> {
  const { method, target, peer, upgrade } = arrival;
  const { clusters, issuers, enter, mostMilliseconds } = options;
  const arrived = Date.now();
  // The same for all, because requests share what is being looked up.
  const asking = arrived + askingTime;
  let facts: RequestFacts = { peer };
  const refuse = (code: number, message: string, refusalClass?: RefusalClass): Refused => ({
    facts,
    refusal: statusObject(code, message),
    ...(refusalClass && { refusalClass }),
  });

  if (!target.startsWith("/")) return refuse(400, "the request's target must be a path");
  const route = "root" in clusters ? { name: clusters.root.name, prefix: "", target } : routeOf(target);
  const cluster = "root" in clusters ? clusters.root : route && (await clusters.named(route.name, asking));
  if (route === undefined || cluster === undefined) return refuse(404, "the proxy serves no cluster at this path");
  // The log counts by cluster, so it has only names that a registry has confirmed.
  if (isProblem(cluster)) return refuse(503, cluster.problem, "not-ready");
  facts = { ...facts, cluster: cluster.name };
  const fault = framingFault(arrival.lines);
  if (fault !== undefined) return refuse(400, fault);
  const info = readRequestInfo(method, route.target);
  if (isProblem(info)) return refuse(400, info.problem);
  const isLong = isLongRunning(info);
  const timeout = isLong ? undefined : requestTimeout(route.target, mostMilliseconds);
  if (isProblem(timeout)) return refuse(400, timeout.problem);
  facts = { ...facts, ...factsOf(info), ...(upgrade && { protocol: upgrade }) };

  const lines = arrival.lines.filter(([name]) => !name.startsWith(":"));
  const doubt = await cluster.doubt(asking);
  if (doubt !== undefined) return refuse(503, doubt, "not-ready");
  const { identify, ask, counts } = countLookUps(cluster);
  const trust = cluster.clientTrust();
  const certificate = arrival.certificate && identifyByCertificate(arrival.certificate, lines, trust, arrived);
  const authenticated = await authenticate(lines, upgrade === "websocket", { certificate, issuers, identify }, asking);
  facts = { ...facts, ...counts() };
  if ("refusal" in authenticated) return { facts, ...authenticated };
  const { caller, token } = authenticated;
  facts = { ...facts, caller: nameOf(caller) };
  const { certificate: proof } = authenticated;
  if (proof !== undefined && proof !== "front proxy" && isOfForeignOrigin(arrival.lines))
    return refuse(403, "a client certificate does not count for a page of another host (Origin)", "unauthenticated");

  const judgement = judgeRequest({ info, lines, caller });
  if (judgement.refusal)
    return {
      ...{ facts, refusal: judgement.refusal },
      ...(judgement.refusal.code === 403 && { refusalClass: "reserved" }),
    };
  const isRead = ["get", "list", "watch", "head"].includes(info.verb);
  const isExempt = judgement.user?.groups.includes("system:masters") ?? false;
  const load = isLong ? "long-running" : isRead ? "read" : "write";
  facts = { ...facts, load };
  const leave = enter(load, isExempt);
  if (leave === undefined) return refuse(429, "too many requests, please try again later");
  try {
    const { questions } = judgement;
    const answers = questions.length === 0 ? [] : await ask(questions, asking);
    facts = { ...facts, ...counts() };
    const outcome = concludeRequest(judgement, answers, cluster.concluding);
    if ("refusal" in outcome) {
      leave();
      const { refusal } = outcome;
      // Only the answer to a question has details.
      const isUnable = refusal.code === 403 && refusal.details === undefined;
      return { facts, refusal, ...(isUnable && { refusalClass: "not-impersonable" }) };
    }
    const { credential, lines: acting, user } = outcome;
    facts = { ...facts, credential, user: user?.username ?? "system:anonymous" };
    if (credential === "caller" && token === undefined) throw new Error("a caller without a token cannot be passed on");
    const outgoing = outgoingLines(
      lines.filter(([name]) => upgrade || name.toLowerCase() !== "sec-websocket-protocol"),
      {
        acting,
        peer,
        ...(trust.cluster.frontProxy && { frontProxy: trust.cluster.frontProxy.headers }),
        ...(upgrade && {
          upgrade: {
            protocol: upgrade,
            subprotocols: upgrade === "websocket" ? webSocketProtocolsOf(lines).others : "",
          },
        }),
      },
    );
    return {
      facts,
      request: {
        method,
        target: route.target,
        lines: outgoing,
        credential: credential === "caller" ? { kind: "caller", token: token ?? "" } : { kind: credential },
      },
      upstream: cluster.upstream,
      prefix: route.prefix,
      deadline: timeout === undefined ? undefined : arrived + timeout,
      isProxied: info.verb === "proxy" || info.subresource === "proxy",
      leave,
    };
  } catch (error) {
    leave();
    throw error;
  }
}

const nameOf = (caller: Caller): string => (caller === "anonymous" ? "system:anonymous" : caller.user.username);

const factsOf = ({ isResourceRequest, verb, path, apiGroup, resource, subresource, namespace, name }: RequestInfo) =>
  isResourceRequest
    ? {
        verb,
        ...(apiGroup && { group: apiGroup }),
        resource,
        ...(subresource && { subresource }),
        ...(namespace && { namespace }),
        ...(name && { name }),
      }
    : { verb, path };

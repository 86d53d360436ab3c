import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import {
  createSecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from "node:http2";
import type { AddressInfo, Socket } from "node:net";

/** An API server's part in a test of what goes wrong: it answers reviews, and misbehaves where a path asks for it. */
export interface StandIn {
  readonly port: number;
  /** What arrived, besides reviews. */
  readonly seen: {
    readonly method: string;
    readonly path: string;
    readonly lines: readonly string[];
    readonly connection: unknown;
  }[];
  /** The requests that are neither answered nor given up. */
  readonly open: () => number;
  readonly sessions: ReadonlySet<ServerHttp2Session>;
  /** What becomes of reviews from now on; those of the other kind are answered well. */
  readonly answerReviewsWith: (fault: ReviewFault, kind?: "tokenreviews" | "subjectaccessreviews") => void;
  /** The token of the acting account that is not refused from now on. */
  readonly acceptActor: (token: string) => void;
  /** Holds every review from now on, and says how many are held. */
  readonly holdReviews: () => { readonly held: () => number; readonly release: () => void };
  /** Ends the answers to `/cut-` that are under way, each in the way that its path names. */
  readonly breakOff: () => void;
  readonly close: () => Promise<void>;
}

/** The status of its answer, or what is wrong with it. */
export type ReviewFault = number | "breaks off" | "is not JSON" | "is another review" | "has no status";

type Request = IncomingMessage | Http2ServerRequest;
type Response = ServerResponse | Http2ServerResponse;

const textOf = async (request: Request): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
};

/** A user has the name of its token, and a uid where that name says so. */
const review = (authorization: string, body: string): object => {
  const { apiVersion, kind, spec } = JSON.parse(body);
  const status =
    kind === "TokenReview"
      ? {
          authenticated: true,
          user: { username: spec.token, groups: ["people"], ...(/uid/.test(spec.token) && { uid: "1" }) },
        }
      : kind === "SelfSubjectReview"
        ? { userInfo: { username: authorization.replace("Bearer ", "") } }
        : kind === "SelfSubjectRulesReview"
          ? { resourceRules: [], nonResourceRules: [], incomplete: false }
          : { allowed: true };
  return { apiVersion, kind, spec, status };
};

export const startStandIn = async (
  tls: { readonly cert: string; readonly key: string },
  port = 0,
  /** The data of the ConfigMap `extension-apiserver-authentication`; absent where there is none. */
  authentication?: Readonly<Record<string, string>>,
): Promise<StandIn> => {
  const server = createSecureServer({ ...tls, allowHTTP1: true });
  const seen: { method: string; path: string; lines: readonly string[]; connection: unknown }[] = [];
  const sessions = new Set<ServerHttp2Session>();
  let open = 0;
  const faults = new Map<string, ReviewFault>();
  let actorToken: string | undefined;
  const breaks: (() => void)[] = [];
  let gate: Promise<void> | undefined;
  let held = 0;
  /** Ends the connection in the way that the path names. */
  const misbehave = (path: string, response: Http2ServerResponse): void => {
    const { stream } = response;
    const { session } = stream;
    if (path.includes("reset-stream")) stream.close(2);
    else if (path.includes("goaway-and-close")) {
      session?.goaway(0);
      setTimeout(() => session?.destroy(), 10);
    } else if (path.includes("close-connection")) session?.destroy();
    else if (path.includes("end-socket")) (session?.socket as Socket | undefined)?.destroySoon?.();
  };
  const answer = async (request: Request, response: Response): Promise<void> => {
    const path = request.url ?? "";
    response.on("error", () => {});
    const [, kind] =
      /\/v1\/(tokenreviews|subjectaccessreviews|selfsubjectreviews|selfsubjectrulesreviews)/.exec(path) ?? [];
    if (kind !== undefined) {
      const body = await textOf(request);
      held += 1;
      await gate;
      const fault = faults.get(kind) ?? 201;
      if (fault === "breaks off") {
        request.socket.destroy();
        return;
      }
      const answered = { ...JSON.parse(JSON.stringify(review(request.headers.authorization ?? "", body))) };
      if (fault === "is another review") answered.spec = { token: "other", user: "other" };
      if (fault === "has no status") delete answered.status;
      const status = typeof fault === "number" ? fault : 201;
      (response as ServerResponse).writeHead(status, { "content-type": "application/json" });
      (response as ServerResponse).end(fault === "is not JSON" ? "{" : JSON.stringify(answered));
      return;
    }
    if (path.endsWith("/configmaps/extension-apiserver-authentication")) {
      (response as ServerResponse).writeHead(authentication ? 200 : 404, { "content-type": "application/json" });
      (response as ServerResponse).end(JSON.stringify({ data: authentication }));
      return;
    }
    const { authorization = "" } = request.headers;
    const connection = "stream" in request ? request.stream.session : request.socket;
    seen.push({ method: request.method ?? "", path, lines: request.rawHeaders, connection });
    open += 1;
    response.once("close", () => {
      open -= 1;
    });
    const writable = response as ServerResponse;
    if (path.includes("/silent") || path.includes("/deaf")) return;
    if (path.includes("/flood")) {
      writable.writeHead(200);
      const flood = (): void => {
        while (!writable.destroyed && writable.write(Buffer.alloc(65_536)));
      };
      response.on("drain", flood);
      flood();
      return;
    }
    const length = path.includes("with-length") ? { "content-length": "1000000" } : {};
    if (path.includes("/forever") || path.includes("/cut-")) {
      writable.writeHead(200, length);
      const timer = setInterval(() => writable.write("x".repeat(1_000)), 2);
      response.once("close", () => clearInterval(timer));
      if (path.includes("/cut-"))
        breaks.push(() => {
          clearInterval(timer);
          misbehave(path, response as Http2ServerResponse);
        });
      return;
    }
    const isOldActor = /^Bearer actor/.test(authorization) && authorization !== `Bearer ${actorToken}`;
    const [, busy] = /\/busy-(\d+)/.exec(path) ?? [];
    if (busy !== undefined) {
      writable.writeHead(Number(busy), { "retry-after": "7", "content-type": "application/json" });
      writable.end(`{"code":${busy}}`);
      return;
    }
    if (path.includes("/unauthorized") || (actorToken !== undefined && isOldActor)) {
      writable.writeHead(401);
      writable.end("{}");
      return;
    }
    if (path.includes("/trailers")) {
      writable.writeHead(200);
      writable.addTrailers({ "x-sum": "42" });
      writable.end("body");
      return;
    }
    if (path.includes("/elsewhere")) {
      writable.writeHead(302, { location: "/api/v1/there" });
      writable.end();
      return;
    }
    const body = await textOf(request);
    writable.writeHead(200, { "content-type": "text/plain" });
    writable.end(`${request.method} ${body.length}`);
  };
  server.on("session", (session) => {
    sessions.add(session);
    session.on("error", () => {});
    session.once("close", () => sessions.delete(session));
  });
  server.on("request", (request, response) => void answer(request, response).catch(() => response.destroy()));
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => sockets.add(socket));
  return {
    port: (server.address() as AddressInfo).port,
    seen,
    open: () => open,
    sessions,
    answerReviewsWith: (fault, kind) => {
      for (const each of kind ? [kind] : ["tokenreviews", "subjectaccessreviews"]) faults.set(each, fault);
    },
    acceptActor: (token) => {
      actorToken = token;
    },
    holdReviews: () => {
      const opened = Promise.withResolvers<void>();
      [gate, held] = [opened.promise, 0];
      return { held: () => held, release: opened.resolve };
    },
    breakOff: () => {
      for (const each of breaks.splice(0)) each();
    },
    close: async () => {
      server.close();
      for (const socket of sockets) socket.destroy();
      await once(server, "close");
    },
  };
};

if (import.meta.main) {
  const [port, cert = "", key = ""] = process.argv.slice(2);
  await startStandIn({ cert: readFileSync(cert, "utf8"), key: readFileSync(key, "utf8") }, Number(port));
  process.stdout.write("listening\n");
}

import { type ClientHttp2Session, type ClientHttp2Stream, connect, type SecureClientSessionOptions } from "node:http2";

/** HTTP/2 connections to one server, opened as streams need them. */
export interface Http2Sessions {
  /**
   * Opens a stream, on a new connection where the others are full. Rejects where no connection can be had, or where the stream is not wanted
   * any more when one is there.
   *
   * @param headers names in lower case and values, in turn
   */
  readonly open: (headers: readonly string[], options: SessionOptions) => Promise<ClientHttp2Stream>;
  /** Those that are open now. */
  readonly usage: () => Http2Usage;
  /** Ends all connections and their streams. */
  readonly close: () => void;
}

export interface Http2Usage {
  readonly connections: number;
  readonly streams: number;
}

export interface SessionOptions {
  /** The request has no body. */
  readonly endStream: boolean;
  /** Asked before the stream is opened, which may be after a while. */
  readonly isWanted: () => boolean;
}

export interface Http2SessionsOptions {
  /** `https://HOST:PORT` */
  readonly origin: string;
  /** The TLS material of a new connection. */
  readonly tls: () => Promise<SecureClientSessionOptions>;
  /** Milliseconds between two pings, after which an unanswered one ends its connection, and for which an unused connection is kept. */
  readonly pingEvery?: number;
  readonly pingPatience?: number;
  readonly idleAfter?: number;
  /** Called when the last connection has ended. */
  readonly onEmpty?: () => void;
}

/** Node keeps a stream beyond the peer's limit in a queue without telling anyone, so streams are counted here. */
const mostStreams = 100;
const connectPatience = 10_000;
/** How long a failure to connect answers the next requests, so that they do not open a connection each. */
const failureAge = 200;
const megabyte = 1024 * 1024;

const settings = {
  enablePush: false,
  initialWindowSize: megabyte,
  maxFrameSize: megabyte / 4,
  maxHeaderListSize: megabyte,
};
/** A header that a client sent twice goes on twice (`strictSingleValueFields`); the server decides. */
const limits = {
  maxSendHeaderBlockLength: megabyte,
  maxHeaderListPairs: 4_096,
  maxSessionMemory: 256,
  strictSingleValueFields: false,
};

interface Member {
  readonly session: ClientHttp2Session;
  streams: number;
  isLeaving: boolean;
  idle: NodeJS.Timeout | undefined;
}

/** Connects, and waits until the server has said how many streams it takes. */
const connected = (origin: string, tls: SecureClientSessionOptions): Promise<ClientHttp2Session> =>
  new Promise((resolve, reject) => {
    const session = connect(origin, { ...tls, ...limits, settings });
    const late = setTimeout(
      () => session.destroy(Object.assign(new Error("no connection in time"), { code: "ETIMEDOUT" })),
      connectPatience,
    );
    session.once("remoteSettings", () => {
      clearTimeout(late);
      resolve(session);
    });
    session.on("error", reject);
    session.once("close", () => {
      clearTimeout(late);
      reject(Object.assign(new Error("the connection was closed"), { code: "ECONNRESET" }));
    });
  });

/**
 * A pool of HTTP/2 connections: as many streams on each as the server takes, and one connection being opened at a time. A connection whose
 * server says that it leaves (GOAWAY) gets no new stream. A ping finds out whether a silent server still runs.
 */
export function http2Sessions(options: Http2SessionsOptions): Http2Sessions {
  const { origin, tls, pingEvery = 10_000, pingPatience = 5_000, idleAfter = 90_000, onEmpty } = options;
  const members = new Set<Member>();
  let connecting: Promise<void> | undefined;
  let failure: { readonly error: unknown; readonly until: number } | undefined;
  let isClosed = false;

  const isUsable = ({ session, streams, isLeaving }: Member): boolean =>
    !isLeaving &&
    !session.closed &&
    !session.destroyed &&
    streams < Math.min(mostStreams, session.remoteSettings.maxConcurrentStreams ?? mostStreams);

  const firstUsable = (): Member | undefined => {
    for (const member of members) if (isUsable(member)) return member;
    return undefined;
  };

  /** The session's own timeout would not do: pings count as activity. */
  const rest = (member: Member): void => {
    if (member.isLeaving) member.session.close();
    else member.idle = setTimeout(() => member.session.close(), idleAfter).unref();
  };

  const admit = (session: ClientHttp2Session): void => {
    const member: Member = { session, streams: 0, isLeaving: false, idle: undefined };
    members.add(member);
    session.setLocalWindowSize(megabyte);
    session.on("goaway", () => {
      member.isLeaving = true;
      if (member.streams === 0) session.close();
    });
    rest(member);
    const pings = setInterval(() => ping(session, pingPatience), pingEvery);
    pings.unref();
    session.once("close", () => {
      clearInterval(pings);
      clearTimeout(member.idle);
      members.delete(member);
      if (members.size === 0) onEmpty?.();
    });
  };

  const connectOne = async (): Promise<void> => {
    if (failure && performance.now() < failure.until) throw failure.error;
    try {
      const session = await connected(origin, await tls());
      if (isClosed) session.destroy();
      else admit(session);
      failure = undefined;
    } catch (error) {
      failure = { error, until: performance.now() + failureAge };
      setTimeout(() => {
        if (members.size === 0 && connecting === undefined) onEmpty?.();
      }, failureAge).unref();
      throw error;
    } finally {
      connecting = undefined;
    }
  };

  const open = async (
    headers: readonly string[],
    { endStream, isWanted }: SessionOptions,
  ): Promise<ClientHttp2Stream> => {
    for (;;) {
      if (!isWanted()) throw Object.assign(new Error("the request has ended"), { code: "ECANCELED" });
      if (isClosed) throw Object.assign(new Error("the connections are closed"), { code: "ECANCELED" });
      const member = firstUsable();
      if (member === undefined) {
        connecting ??= connectOne();
        await connecting;
        continue;
      }
      const { session } = member;
      try {
        const stream = session.request(headers as string[], { endStream });
        clearTimeout(member.idle);
        member.streams += 1;
        stream.once("close", () => {
          member.streams -= 1;
          if (member.streams === 0) rest(member);
        });
        return stream;
      } catch (error) {
        // The session has just ended, or has no number left for a stream.
        if (!session.closed && !session.destroyed && codeOf(error) !== "ERR_HTTP2_OUT_OF_STREAMS") throw error;
        member.isLeaving = true;
      }
    }
  };

  return {
    open,
    usage: () => {
      let streams = 0;
      for (const member of members) streams += member.streams;
      return { connections: members.size, streams };
    },
    close: () => {
      isClosed = true;
      for (const { session } of members) session.destroy();
    },
  };
}

const codeOf = (error: unknown): unknown => (error instanceof Error && "code" in error ? error.code : undefined);

/** A ping has no limit of its own: a frozen server would never be noticed. */
const ping = (session: ClientHttp2Session, patience: number): void => {
  if (session.closed || session.destroyed) return;
  const late = setTimeout(
    () => session.destroy(Object.assign(new Error("a ping was not answered"), { code: "ETIMEDOUT" })),
    patience,
  );
  session.ping(() => clearTimeout(late));
};

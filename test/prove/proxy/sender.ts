import { type ClientHttp2Session, connect } from "node:http2";
import { Agent, request } from "node:https";
import type { HeaderLine } from "../../../lib/proxy/index.ts";

/** A request as it goes over the wire: nothing in its target is resolved or encoded. */
export interface Sent {
  readonly http: 1 | 2;
  readonly method: string;
  readonly target: string;
  readonly lines: readonly HeaderLine[];
  readonly body?: string | undefined;
  /** Milliseconds after which an answer that goes on, such as a watch, is cut off. */
  readonly cutAfter?: number | undefined;
}

export interface Received {
  /** 0 where the server closed the stream without an answer. */
  readonly status: number;
  /** In the order of the answer, with names in lower case. */
  readonly lines: readonly HeaderLine[];
  readonly body: Buffer;
}

export interface Sender {
  readonly send: (sent: Sent) => Promise<Received>;
  readonly close: () => void;
}

/** RFC 9113, 7. */
const refusedStream = 7;

/** Milliseconds without an answer, after which a run is given up. */
const patience = 40_000;

const paired = (raw: readonly string[]): readonly HeaderLine[] =>
  raw.flatMap((name, at): HeaderLine[] =>
    at % 2 === 0 && !name.startsWith(":") ? [[name.toLowerCase(), raw[at + 1] ?? ""]] : [],
  );

/** Sends requests on connections that are kept. The path of the URL stands before each target. */
export const openSender = (
  url: string,
  tls: { readonly ca: string; readonly cert?: string; readonly key?: string },
): Sender => {
  const { origin, host, hostname, port, pathname } = new URL(url);
  const prefix = pathname.replace(/\/$/, "");
  const agent = new Agent({ ...tls, keepAlive: true, ALPNProtocols: ["http/1.1"] } as object);
  let session: ClientHttp2Session | undefined;
  const takeSession = (): ClientHttp2Session => {
    if (session === undefined || session.closed || session.destroyed) {
      const options = { ...tls, maxSendHeaderBlockLength: 2 ** 21, strictSingleValueFields: false };
      session = connect(origin, options);
      session.on("error", () => {});
    }
    return session;
  };

  const sendHttp2 = (sent: Sent): Promise<Received> =>
    new Promise((resolve, reject) => {
      const { method, target, lines, body, cutAfter } = sent;
      const pseudo = [":method", method, ":scheme", "https", ":authority", host, ":path", prefix + target];
      const stream = takeSession().request([...pseudo, ...lines.flat()] as string[], { endStream: body === undefined });
      const chunks: Buffer[] = [];
      let status = 0;
      let answered: readonly HeaderLine[] = [];
      const giveUp = setTimeout(() => reject(new Error(`${method} ${target}: no answer`)), patience);
      const cut = cutAfter === undefined ? undefined : setTimeout(() => stream.close(8), cutAfter);
      stream.on("response", (named, _flags, raw: readonly string[]) => {
        status = Number(named[":status"]);
        answered = paired(raw);
      });
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", () => {});
      stream.on("close", () => {
        clearTimeout(giveUp);
        clearTimeout(cut);
        // The connection was ending, as behind some refusals: the server has not seen the request.
        if (stream.rstCode === refusedStream) resolve(sendHttp2(sent));
        else resolve({ status, lines: answered, body: Buffer.concat(chunks) });
      });
      if (body !== undefined) stream.end(body);
    });

  const sendHttp1 = ({ method, target, lines, body, cutAfter }: Sent): Promise<Received> =>
    new Promise((resolve, reject) => {
      const length = body === undefined ? [] : ["Content-Length", String(Buffer.byteLength(body))];
      const headers = ["Host", host, ...length, ...lines.flat()];
      const path = prefix + target;
      const outgoing = request({ hostname, port, method, path, agent, headers, timeout: patience }, (response) => {
        const chunks: Buffer[] = [];
        const cut = cutAfter === undefined ? undefined : setTimeout(() => response.destroy(), cutAfter);
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", () => {});
        response.on("close", () => {
          clearTimeout(cut);
          const answered = paired(response.rawHeaders);
          resolve({ status: response.statusCode ?? 0, lines: answered, body: Buffer.concat(chunks) });
        });
      });
      outgoing.on("timeout", () => outgoing.destroy(new Error(`${method} ${target}: no answer`)));
      outgoing.on("error", reject);
      outgoing.end(body);
    });

  return {
    send: (sent) => (sent.http === 2 ? sendHttp2(sent) : sendHttp1(sent)),
    close: () => {
      session?.destroy();
      agent.destroy();
    },
  };
};

import { connect as connectHttp2 } from "node:http2";
import { Agent, request } from "node:https";
import { connect } from "node:tls";

/** A proxy, as a client sees it. */
export interface Front {
  readonly url: string;
  readonly ca: string | undefined;
  /** The client certificate that is shown, with its intermediates, and its key. */
  readonly client?: { readonly cert: string; readonly key: string } | undefined;
}

export interface Sent {
  readonly http: 1 | 2;
  readonly method?: string;
  /** Behind the URL of the proxy. */
  readonly path: string;
  /** Names and values, in turn. */
  readonly lines?: readonly string[];
  readonly body?: string;
  /** Called with each piece of the answer. */
  readonly onData?: (chunk: Buffer) => void;
  readonly signal?: AbortSignal;
}

export interface Received {
  /** 0 where no answer came. */
  readonly status: number;
  /** Names, in lower case, and values, in turn. */
  readonly lines: readonly string[];
  readonly text: string;
  /** Names and values, in turn. */
  readonly trailers: readonly string[];
  /** Whether the answer came to its proper end. */
  readonly isWhole: boolean;
}

/** The value of a header. */
export const header = ({ lines }: Received, name: string): string | undefined => {
  const at = lines.findIndex((text, index) => index % 2 === 0 && text === name);
  return at < 0 ? undefined : lines[at + 1];
};

/** Sends a request on a connection of its own. Nothing in its path is resolved. */
export const send = (front: Front, sent: Sent): Promise<Received> =>
  sent.http === 2 ? sendHttp2(front, sent) : sendHttp1(front, sent);

const targetOf = ({ url }: Front, path: string): string => new URL(url).pathname.replace(/\/$/, "") + path;

const sendHttp2 = (front: Front, { method = "GET", path, lines = [], body, onData, signal }: Sent): Promise<Received> =>
  new Promise((resolve) => {
    const { origin, host } = new URL(front.url);
    const options = {
      maxSendHeaderBlockLength: 2 ** 21,
      strictSingleValueFields: false,
      ca: front.ca ?? "",
      ...front.client,
    };
    const session = connectHttp2(origin, options);
    session.on("error", () => {});
    const pseudo = [":method", method, ":scheme", "https", ":authority", host, ":path", targetOf(front, path)];
    const stream = session.request([...pseudo, ...lines] as string[], { endStream: body === undefined });
    let status = 0;
    let [text, isEnded] = ["", false];
    let headers: readonly string[] = [];
    let trailers: readonly string[] = [];
    stream.on("trailers", (_named, _flags, raw?: readonly string[]) => {
      trailers = raw ?? [];
    });
    stream.on("response", (named, _flags, raw: readonly string[]) => {
      status = Number(named[":status"]);
      headers = raw.filter((_, index) => !(raw[index - (index % 2)] ?? "").startsWith(":"));
    });
    stream.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      onData?.(chunk);
    });
    stream.on("end", () => {
      isEnded = true;
    });
    stream.on("error", () => {});
    stream.on("close", () => {
      resolve({ status, lines: headers, text, trailers, isWhole: isEnded && stream.rstCode === 0 });
      session.close();
    });
    signal?.addEventListener("abort", () => stream.close(8));
    if (body !== undefined) stream.end(body);
  });

const sendHttp1 = (front: Front, { method = "GET", path, lines = [], body, onData, signal }: Sent): Promise<Received> =>
  new Promise((resolve) => {
    const { hostname, port, host } = new URL(front.url);
    const agent = new Agent({ ca: front.ca ?? "", ...front.client, ALPNProtocols: ["http/1.1"] } as object);
    const length = body === undefined ? [] : ["Content-Length", String(Buffer.byteLength(body))];
    const headers = ["Host", host, ...length, ...lines];
    const outgoing = request({ hostname, port, method, path: targetOf(front, path), agent, headers }, (response) => {
      let text = "";
      response.on("data", (chunk: Buffer) => {
        text += chunk.toString();
        onData?.(chunk);
      });
      response.on("error", () => {});
      response.on("close", () =>
        resolve({
          status: response.statusCode ?? 0,
          lines: response.rawHeaders.map((item, index) => (index % 2 === 0 ? item.toLowerCase() : item)),
          text,
          trailers: response.rawTrailers,
          isWhole: response.complete,
        }),
      );
    });
    outgoing.on("error", () => resolve({ status: 0, lines: [], text: "", trailers: [], isWhole: false }));
    signal?.addEventListener("abort", () => outgoing.destroy());
    // Node would send the headers before a text as UTF-8.
    outgoing.end(body === undefined ? undefined : Buffer.from(body));
  });

/** How a client watches a connection, and when it leaves. */
export interface BytesOptions {
  /** Called each time that more has come back. */
  readonly onText?: () => void;
  /** Closes the connection. */
  readonly signal?: AbortSignal;
}

/** As long as a connection may stay open whose end is awaited, in milliseconds. */
const patience = 120_000;

/** Sends bytes as they are, and returns what came back until the connection was closed. Rejects where the server leaves it open. */
export const sendBytes = ({ url, ca }: Front, bytes: string, { onText, signal }: BytesOptions = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    const socket = connect({ host: hostname, port: Number(port), ca: ca ?? "", servername: "localhost" }, () =>
      socket.write(Buffer.from(bytes, "latin1")),
    );
    let text = "";
    const late = setTimeout(() => {
      reject(new Error(`the connection was still open after ${patience} ms, and this had come back: ${text}`));
      socket.destroy();
    }, patience);
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString("latin1");
      onText?.();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      clearTimeout(late);
      resolve(text);
    });
    signal?.addEventListener("abort", () => socket.destroy());
  });

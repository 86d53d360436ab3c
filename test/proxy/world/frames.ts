import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";

/** A frame of HTTP/2 (RFC 9113, 4.1). */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export const frameTypes = {
  data: 0,
  headers: 1,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  continuation: 9,
} as const;
export const flags = { endStream: 1, ack: 1, endHeaders: 4 } as const;

export const frame = (type: number, flag: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer => {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flag;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
};

/** Takes bytes, and returns the frames that are whole. */
export const frameReader = () => {
  let rest = Buffer.alloc(0);
  return (bytes: Buffer): readonly Frame[] => {
    rest = Buffer.concat([rest, bytes]);
    const frames: Frame[] = [];
    while (rest.length >= 9 && rest.length >= 9 + rest.readUIntBE(0, 3)) {
      const end = 9 + rest.readUIntBE(0, 3);
      const [type = 0, flag = 0] = rest.subarray(3, 5);
      frames.push({ type, flags: flag, stream: rest.readUInt32BE(5), payload: rest.subarray(9, end) });
      rest = rest.subarray(end);
    }
    return frames;
  };
};

/** The length of a string in HPACK: a prefix of seven bits (RFC 7541, 5.1). */
const lengthOf = (length: number): Buffer => {
  if (length < 127) return Buffer.from([length]);
  const bytes = [127];
  let rest = length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
};

/** A header as HPACK says it without its tables, so that nothing is checked or changed. */
export const headerBytes = (name: string, value: string): Buffer =>
  Buffer.concat([
    Buffer.from([0]),
    ...[name, value].flatMap((text) => [lengthOf(Buffer.byteLength(text, "latin1")), Buffer.from(text, "latin1")]),
  ]);

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const largestFrame = 256 * 1024;
/** As long as an answer, or the end of its stream, may take, in milliseconds. */
const patience = 60_000;

/** What came back for one request of hand-made frames. */
export interface Framed {
  /** The status of an answer, or how the stream or the connection ended without one. */
  readonly outcome: number | "stream reset" | "connection closed";
}

/** The first byte of an answer's headers, where it names a whole status of HPACK's table. */
const statuses: Readonly<Record<number, number>> = { 136: 200, 137: 204, 140: 400, 141: 404, 142: 500 };

/**
 * Sends headers over HTTP/2 in frames that no HTTP library has looked at. The frames are as large as the server takes them. Rejects where
 * neither an answer comes nor an end.
 */
export const sendFrames = async (
  { url, ca }: { readonly url: string; readonly ca: string | undefined },
  headers: readonly (readonly [string, string])[],
): Promise<Framed["outcome"]> => {
  const { hostname, port } = new URL(url);
  const socket = connect({
    ...{ host: hostname, port: Number(port), ca: ca ?? "", servername: "localhost", ALPNProtocols: ["h2"] },
  });
  socket.on("error", () => {});
  await once(socket, "secureConnect");
  socket.write(Buffer.concat([Buffer.from(preface), frame(frameTypes.settings, 0, 0)]));
  const block = Buffer.concat(headers.map(([name, value]) => headerBytes(name, value)));
  /** To be sent once the server's settings are known, which say how large a frame may be. */
  const request = (): void => {
    for (let at = 0; at < block.length; at += largestFrame) {
      const type = at === 0 ? frameTypes.headers : frameTypes.continuation;
      const flag = (at + largestFrame >= block.length ? flags.endHeaders : 0) + (at === 0 ? flags.endStream : 0);
      socket.write(frame(type, flag, 1, block.subarray(at, at + largestFrame)));
    }
  };
  const read = frameReader();
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      reject(new Error(`neither an answer nor an end came within ${patience} ms`));
      socket.destroy();
    }, patience);
    const end = (outcome: Framed["outcome"]): void => {
      clearTimeout(late);
      resolve(outcome);
      socket.destroy();
    };
    socket.on("close", () => end("connection closed"));
    socket.on("data", (bytes: Buffer) => {
      for (const { type, flags: flag, payload } of read(bytes)) {
        if (type === frameTypes.settings && !(flag & flags.ack)) {
          socket.write(frame(frameTypes.settings, flags.ack, 0));
          request();
        } else if (type === frameTypes.headers) {
          const [first = 0] = payload;
          // A status beyond the table stands as text behind the index of `:status` and a length.
          const text = payload.subarray(2, 5).toString("latin1");
          end(statuses[first] ?? (/^\d{3}$/.test(text) ? Number(text) : 0));
        } else if (type === frameTypes.rstStream) end("stream reset");
        else if (type === frameTypes.goaway) end("connection closed");
      }
    });
  });
};

/**
 * An API server that answers every request over HTTP/2 with these frames, and passes HTTP/1.1 on to another server.
 *
 * @param answer the frames for a stream
 */
export const startFrameServer = async (
  tls: { readonly ca: string; readonly cert: string; readonly key: string },
  behind: number,
  answer: (stream: number) => readonly Buffer[],
) => {
  const server = createServer(
    { cert: tls.cert, key: tls.key, ALPNProtocols: ["h2", "http/1.1"] },
    (socket: TLSSocket) => {
      socket.on("error", () => {});
      if (socket.alpnProtocol !== "h2") {
        const next = connect({ host: "127.0.0.1", port: behind, ca: tls.ca });
        next.on("error", () => socket.destroy());
        socket.on("close", () => next.destroy());
        socket.pipe(next).pipe(socket);
        return;
      }
      socket.write(frame(frameTypes.settings, 0, 0));
      const read = frameReader();
      let isBegun = false;
      socket.on("data", (bytes: Buffer) => {
        for (const each of read(isBegun ? bytes : bytes.subarray(preface.length))) {
          if (each.type === frameTypes.settings && !(each.flags & flags.ack))
            socket.write(frame(frameTypes.settings, flags.ack, 0));
          if (each.type === frameTypes.ping) socket.write(frame(frameTypes.ping, flags.ack, 0, each.payload));
          if (each.type === frameTypes.headers) for (const part of answer(each.stream)) socket.write(part);
        }
        isBegun = true;
      });
    },
  );
  const sockets = new Set<TLSSocket>();
  server.on("secureConnection", (socket) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
};

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { statusObject } from "../../lib/meta/status.ts";
import type { Admitted } from "./admit.ts";
import { answerLines } from "./answer-lines.ts";
import type { ClientReply } from "./client-reply.ts";
import { breakBy, clientHasLeft, type Ended } from "./forward.ts";
import type { RefusalClass } from "./refusal-class.ts";
import { refuse } from "./refuse.ts";
import type { UpgradeProtocol } from "./upgrade-protocol.ts";
import { upstreamFailure, upstreamFailureClass } from "./upstream-failure.ts";

/** The connection of a client that wants another protocol on it. */
export interface UpgradingClient {
  readonly socket: Duplex;
  /** What it sent behind its headers. */
  readonly head: Buffer;
  /** For an ordinary answer; lets go of the socket. */
  readonly takeReply: () => { readonly reply: ClientReply; readonly response: ServerResponse };
}

/** The most that is read of a client before the API server has switched protocols. */
const mostEarlyBytes = 64 * 1024;

/** How long the API server may take to switch protocols. */
const switchPatience = 60_000;

/**
 * Asks the API server, over a connection of its own, to switch protocols, and joins the two connections if it does. Until then nothing goes
 * upwards that the client sent behind its headers. Any other answer is passed on as an ordinary one, and both connections are closed.
 */
export async function forwardUpgrade(
  { request, upstream, prefix, isProxied }: Admitted,
  protocol: UpgradeProtocol,
  client: UpgradingClient,
): Promise<Ended> {
  const { socket } = client;
  const failed = (reason: string, refusal: RefusalClass = "unreachable"): Ended => {
    if (socket.destroyed) return clientHasLeft;
    return { status: 502, bytes: refuse(client.takeReply().reply, statusObject(502, reason)), reason, refusal };
  };
  const failedBy = (error: unknown): Ended => failed(upstreamFailure(error), upstreamFailureClass(error));
  const asked = await upstream.openUpgrade(request).catch(failedBy);
  if ("status" in asked) return asked;
  asked.setTimeout(switchPatience, () => asked.destroy(new Error("late")));
  const leave = () => {
    asked.destroy();
    socket.destroy();
  };
  // Only a socket that is read tells that its client has left.
  const early: Buffer[] = [client.head];
  let size = 0;
  const hold = (chunk: Buffer): void => {
    early.push(chunk);
    size += chunk.length;
    if (size > mostEarlyBytes) socket.pause();
  };
  socket.on("data", hold).once("end", leave).once("close", leave);
  return new Promise((resolve) => {
    let isAnswered = false;
    asked.on("error", (error) => {
      if (!isAnswered) resolve(failedBy(error));
      isAnswered = true;
    });
    asked.once("upgrade", (answer, peer, head) => {
      isAnswered = true;
      const switchedTo = answer.headers.upgrade?.toLowerCase();
      if (switchedTo !== protocol.toLowerCase()) {
        peer.destroy();
        resolve(failed("the API server switched to another protocol than the one that was asked for"));
        return;
      }
      socket.off("data", hold).off("end", leave).off("close", leave);
      peer.setTimeout(0);
      peer.setNoDelay(true);
      resolve(joined(answer, protocol, socket, Buffer.concat(early), peer, head));
    });
    asked.once("response", (answer) => {
      isAnswered = true;
      asked.setTimeout(0);
      if (answer.statusCode === 401 && request.credential.kind === "actor" && !isProxied) {
        answer.destroy();
        void upstream.renewActor().catch(() => false);
        resolve(failed("the API server refused the credential of the acting account", "actor-unusable"));
        return;
      }
      resolve(passOn(answer, prefix, client));
    });
    // It may have left before it was listened to.
    if (socket.readableEnded || socket.destroyed) leave();
    else asked.end();
  });
}

/** Passes an answer on that switches nothing. */
const passOn = (answer: IncomingMessage, prefix: string, client: UpgradingClient): Promise<Ended> =>
  new Promise((resolve) => {
    const { reply } = client.takeReply();
    let bytes = 0;
    let isGone = false;
    const status = answer.statusCode ?? 502;
    answer.on("error", () => {});
    answer.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
    });
    // `pipe` alone would leave the client waiting when the API server breaks off.
    answer.once("close", () => {
      if (answer.complete) reply.body.end();
      else reply.cut();
      resolve({ status, bytes, ...(!answer.complete && breakBy(isGone ? "client" : "api-server")) });
    });
    reply.onClose(() => {
      isGone = true;
      answer.destroy();
    });
    reply.respond(status, answerLines(answer.rawHeaders, prefix));
    answer.pipe(reply.body, { end: false });
  });

/** Tells the client that the protocol is switched, and passes bytes in both directions until one side has ended. */
const joined = (
  answer: IncomingMessage,
  protocol: UpgradeProtocol,
  socket: Duplex,
  head: Buffer,
  peer: Duplex,
  peerHead: Buffer,
): Promise<Ended> =>
  new Promise((resolve) => {
    const lines = ["Connection", "Upgrade", "Upgrade", protocol, ...answerLines(answer.rawHeaders, "")];
    const pairs = lines.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${lines[at + 1]}\r\n`] : []));
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${pairs.join("")}\r\n`, "latin1");
    let bytes = head.length + peerHead.length;
    if (peerHead.length > 0) socket.write(peerHead);
    if (head.length > 0) peer.write(head);
    let open = 2;
    const join = (from: Duplex, to: Duplex): void => {
      from.on("error", () => from.destroy());
      from.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      from.once("close", () => {
        // What is on its way to the other side is still written.
        if (from.readableEnded && !to.writableFinished) to.end(() => to.destroy());
        else to.destroy();
        open -= 1;
        if (open === 0) resolve({ status: 101, bytes });
      });
      from.pipe(to);
    };
    join(socket, peer);
    join(peer, socket);
  });

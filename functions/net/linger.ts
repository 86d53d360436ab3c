import type { Duplex } from "node:stream";

/** Milliseconds after which the connection is closed in any case. A body of 3 MiB, the API server's limit, takes as long at 5 Mbit/s. */
const patience = 5_000;

/**
 * Ends a connection on which an answer was written, and lets its client read it (RFC 9112, 9.6): what the client still sends is read and
 * thrown away until it ends its side. A connection that is closed before that is reset, and a client that is still sending loses the answer.
 */
export function linger(socket: Duplex): void {
  const close = (): void => {
    socket.destroy();
  };
  const timer = setTimeout(close, patience);
  const discard = (): void => {
    // Nothing that comes now is a request.
    socket.removeAllListeners("data").on("data", () => {});
  };
  // The HTTP/1.1 parser itself reads the socket until another listener takes over, and only the parser can end its own pause.
  if (socket.isPaused()) socket.once("resume", discard).resume();
  else discard();
  socket.once("end", close).once("error", close);
  socket.once("close", () => clearTimeout(timer));
  socket.end();
}

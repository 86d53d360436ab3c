import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Http2ServerRequest } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { ClusterTrust } from "./cluster-trust.ts";

/** The certificate that a client showed in the TLS handshake: a good one, or why it counts for nothing. */
export type PeerCertificate =
  | {
      readonly leaf: X509Certificate;
      /** The only one whose CA the certificate can come from by way of intermediates; undefined where there are several. */
      readonly intermediatesOf: ClusterTrust | undefined;
    }
  | { readonly fault: string };

const record = Symbol("the client's certificate");
interface Recorded {
  [record]?: PeerCertificate | undefined;
}

/** Keeps, with a connection, what its handshake has shown: OpenSSL's verdict is about what was trusted then. */
export function recordPeerCertificate(socket: TLSSocket & Recorded, intermediatesOf: ClusterTrust | undefined): void {
  const leaf = socket.getPeerX509Certificate();
  // `authorized` is false without a certificate too.
  if (leaf === undefined) return;
  socket[record] = socket.authorized
    ? { leaf, intermediatesOf }
    : { fault: `the client certificate is not accepted (${String(socket.authorizationError)})` };
}

/** The certificate of a request's client; undefined where it showed none. */
export function peerCertificateOf(request: IncomingMessage | Http2ServerRequest): PeerCertificate | undefined {
  // Without its session an HTTP/2 stream does not tell.
  if ("stream" in request && request.stream.session === undefined) return { fault: "the connection has ended" };
  return (request.socket as Recorded)[record];
}

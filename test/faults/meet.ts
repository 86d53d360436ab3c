import { setTimeout as sleep } from "node:timers/promises";
import { type Certificates, throwAwayCertificates } from "../../infra/local/certificates.ts";
import { type Called, callerOf } from "../support/called.ts";
import { startFaultyPeer } from "../support/faulty-peer.ts";
import { reviewText, template } from "../support/reviews.ts";
import type { CertificateKind, Fault } from "./fault.ts";
import { yes } from "./replies.ts";

/** The outcome of a fault, and the peer's view of it. */
export interface Met extends Called {
  readonly requests: number;
  readonly connections: number;
  /** Connections that are still open after the answer. */
  readonly open: number;
}

/** The API server's certificate, and the CA that is trusted. */
const certificatesFor = async (kind: CertificateKind): Promise<Certificates> => {
  const hosts = [kind === "for another name" ? "kubernetes.example.com" : "127.0.0.1"];
  const made = await throwAwayCertificates({
    hosts,
    ...(kind === "expired" ? { notAfter: new Date(Date.now() - 60_000) } : {}),
  });
  return kind === "of another CA" ? { ...made, ca: (await throwAwayCertificates({ hosts })).ca } : made;
};

const key = "a-key-of-prod";
const usual = { token: "s3cret" };

/** Time for closed and reset connections to arrive at the peer. */
const settle = (): Promise<void> => sleep(60);

/** The times of the call. */
export interface Encounter {
  /** The `timeout` of the API server. */
  readonly timeout: string;
  /** Milliseconds since the gateway received the request. */
  readonly coldStart?: number;
  /** Milliseconds until the function is ended. */
  readonly remaining?: number;
}

/** Lets the whole function judge a review with one question, and meet a fault. */
export const meet = async (fault: Fault, { timeout, coldStart = 0, remaining }: Encounter): Promise<Met> => {
  let minted = 0;
  const {
    mint = async () => `token-${++minted}`,
    behave = yes,
    before,
    greeting = "tls",
    certificate = "good",
    user = usual,
  } = fault;
  const { ca, ...own } = await certificatesFor(certificate);
  const absent = greeting === "absent";
  const peer = await startFaultyPeer(before ?? behave, own, absent ? "tls" : greeting);
  if (absent) await peer.close();
  try {
    const call = callerOf([{ name: "prod", server: peer.url, ca, user, key, serverIsEks: true }], "/nowhere", {
      mint,
      region: undefined,
    });
    const review = (name: string) => ({ cluster: "prod", key, body: reviewText({ object: template(name) }) });
    if (before) {
      const { decision } = await call(review("carol"));
      if (decision !== "permitted") throw new Error(`the question that went first was ${decision}`);
      await settle();
    }
    const [requests, connections] = [peer.asked.length, peer.connections()];
    peer.behave = behave;
    const called = await call({
      ...review("bob"),
      timeout,
      receivedAt: Date.now() - coldStart,
      ...(remaining === undefined ? {} : { remaining }),
    });
    await settle();
    return {
      ...called,
      requests: peer.asked.length - requests,
      connections: peer.connections() - connections,
      open: peer.open(),
    };
  } finally {
    if (!absent) await peer.close();
  }
};

import type { MintToken } from "../../functions/aws/eks-token.ts";
import type { Behaviour, Greeting } from "../support/faulty-peer.ts";

/** What comes of a review whose one question meets a fault. */
export interface Expected {
  readonly decision: "permitted" | "replaced" | "denied";
  readonly code?: 502 | 503 | 504;
  /** Why the answer was not had; `N ms` stands for a number of milliseconds. */
  readonly failure?: string;
  /** What the peer saw of it. */
  readonly requests: number;
  readonly connections: number;
  /** Milliseconds that it takes at the least. It never takes longer than the deadline. */
  readonly notBefore?: number;
}

/** One way in which an API server, or what stands in its place, misbehaves. */
export interface Fault {
  readonly name: string;
  /** What is done to the question; by default a yes comes back. */
  readonly behave?: Behaviour;
  /** What is done to another question that goes first, so that a connection is kept; without it none goes first. */
  readonly before?: Behaviour;
  readonly greeting?: Greeting | "absent";
  readonly certificate?: CertificateKind;
  /** The user of the kubeconfig; by default one with a token. */
  readonly user?: object;
  /** Makes the tokens of EKS users; by default another each time. */
  readonly mint?: MintToken;
  readonly expected: Expected;
}

export type CertificateKind = "good" | "of another CA" | "expired" | "for another name";

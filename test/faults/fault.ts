import type { MintToken } from "../../functions/aws/eks-token.ts";
import type { Behaviour, Greeting } from "../support/faulty-peer.ts";

/** The outcome of a review whose one question meets a fault. */
export interface Expected {
  readonly decision: "permitted" | "replaced" | "denied";
  readonly code?: 502 | 503 | 504;
  /** Why there is no answer; `N ms` stands for a number of milliseconds. */
  readonly failure?: string;
  /** The requests and connections that the peer saw. */
  readonly requests: number;
  readonly connections: number;
  /** The least time that it takes, in milliseconds. It never takes longer than the deadline. */
  readonly notBefore?: number;
}

/** One way in which an API server, or another server in its place, misbehaves. */
export interface Fault {
  readonly name: string;
  /** The reaction to the question; by default a yes. */
  readonly behave?: Behaviour;
  /** The reaction to an earlier question, which leaves a kept connection; without it there is no earlier question. */
  readonly before?: Behaviour;
  readonly greeting?: Greeting | "absent";
  readonly certificate?: CertificateKind;
  /** The user of the kubeconfig; by default one with a token. */
  readonly user?: object;
  /** Makes the tokens of EKS users; by default a new one each time. */
  readonly mint?: MintToken;
  readonly expected: Expected;
}

export type CertificateKind = "good" | "of another CA" | "expired" | "for another name";

import type { Outcome } from "../../lib/decision/index.ts";
import type { Answer, NoAnswer } from "../../lib/question/index.ts";

/** What kept a review from being judged on its merits, by whom it is to be mended. */
export const failures = [
  /** The cluster's API server, or our credentials there, gave no answer that can be used: 502. */
  "answer-unusable",
  /** Nobody there, or too busy: 503. */
  "cluster-unreachable",
  /** No answer before the deadline: 504. */
  "cluster-late",
  /** The review makes no sense: 500. */
  "review-unjudgeable",
  /** The webhook is registered for a resource that its policy does not cover. */
  "resource-uncovered",
  /** The registry of clusters could not be read, for longer than the last one may be used: 503. */
  "registry-outdated",
  /** Our own code. */
  "fault",
] as const;
export type Failure = (typeof failures)[number];

const byCode: Readonly<Record<number, Failure>> = {
  500: "review-unjudgeable",
  502: "answer-unusable",
  503: "cluster-unreachable",
  504: "cluster-late",
} satisfies Record<NoAnswer["code"] | 500, Failure>;

/**
 * The failure that a decision met; undefined for one on the merits. A question without an answer counts even where another field's plain
 * no came first, for the cluster has failed all the same.
 */
export function failureOf(
  { reason, code }: Pick<Outcome, "reason" | "code">,
  answers: readonly Answer[],
): Failure | undefined {
  const unanswered = answers.find((answer) => "failure" in answer);
  return reason === "uncovered-resource" ? "resource-uncovered" : byCode[unanswered?.code ?? code];
}

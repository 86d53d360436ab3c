import type { Outcome } from "../../lib/decision/index.ts";
import type { Answer, NoAnswer } from "../../lib/question/index.ts";

/** Why a review was not judged on its merits, grouped by where the fix belongs. */
export const failures = [
  /** The cluster's API server, or our credentials there, gave no answer that can be used: 502. */
  "answer-unusable",
  /** The cluster's API server cannot be reached, or is too busy: 503. */
  "cluster-unreachable",
  /** No answer before the deadline: 504. */
  "cluster-late",
  /** The review cannot be judged: 500. */
  "review-unjudgeable",
  /** The webhook is registered for a resource that its policy does not cover. */
  "resource-uncovered",
  /** The registry of clusters could not be read, for longer than the last one may be used: 503. */
  "registry-outdated",
  /** An error in our own code. */
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
 * The failure behind a decision; undefined for a decision on the merits. A question without an answer counts even where another field was
 * denied first, because the cluster failed all the same.
 */
export function failureOf(
  { reason, code }: Pick<Outcome, "reason" | "code">,
  answers: readonly Answer[],
): Failure | undefined {
  const unanswered = answers.find((answer) => "failure" in answer);
  return reason === "uncovered-resource" ? "resource-uncovered" : byCode[unanswered?.code ?? code];
}

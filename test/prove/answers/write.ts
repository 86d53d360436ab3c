import { type AdmissionReviewAnswer, conclude, isProblem, judge, readPolicy, readReview } from "../../../lib/index.ts";
import type { writeReview } from "../../../lib/review/index.ts";
import { registrations } from "./registrations.ts";
import type { Row } from "./row.ts";

/** The writer of the library, or one that is wrong on purpose. */
export type Writer = typeof writeReview;

const no = { allowed: false, reason: "" };

/**
 * Our answer to a review that the API server sent. The library reads v1 alone, so a v1beta1 review is read as v1: their requests are the
 * same.
 */
export const answerTo = (row: Row, text: string, write: Writer): AdmissionReviewAnswer => {
  const { policy, answer = no, review: change, outcome: alter } = row.decided ?? {};
  const asV1 = text.replace('"apiVersion":"admission.k8s.io/v1beta1"', '"apiVersion":"admission.k8s.io/v1"');
  const review = readReview(change ? change(asV1) : asV1);
  if (isProblem(review)) throw new Error(`${row.name}: ${review.problem}`);
  const judgement = judge(
    readPolicy({ name: "razee", targets: [{ preset: "razee" }], ...policy }),
    review.request,
    registrations[row.registration].endpoint,
  );
  const answers = judgement.questions.map(() => answer);
  const outcome = conclude(judgement, answers);
  return write(review, alter ? alter(outcome) : outcome, (json) => Buffer.from(json).toString("base64"));
};

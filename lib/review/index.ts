export type { Status, StatusDetails } from "../meta/status.ts";
export { type AdmissionReview, readReview } from "./read-review.ts";
export { type AdmissionResponse, type AdmissionReviewAnswer, writeReview } from "./write-review.ts";

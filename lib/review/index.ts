export { type AdmissionReview, readReview } from "./read-review.ts";
export { type AdmissionResponse, type AdmissionReviewAnswer, type Status, writeReview } from "./write-review.ts";

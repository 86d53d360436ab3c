import { forbiddenReview, permittedReview, selfReview } from "../bench/events.ts";
import type { Call } from "./load.ts";

const decides =
  (decision: string): Call["check"] =>
  (status, body) => {
    if (status !== 200) return `HTTP ${status}`;
    const { auditAnnotations, status: refusal } = JSON.parse(body).response;
    return auditAnnotations.decision === decision ? undefined : `${auditAnnotations.decision}: ${refusal?.message}`;
  };

/** One review of each kind that needs a question, and one that needs none. */
export const permitted: Call = { path: "/mutate?timeout=10s", body: permittedReview, check: decides("permitted") };
export const replaced: Call = { path: "/mutate?timeout=10s", body: forbiddenReview, check: decides("replaced") };
export const self: Call = { path: "/mutate?timeout=10s", body: selfReview, check: decides("self") };

export { conclude, type Outcome } from "./conclude.ts";
export { numberText } from "./equal.ts";
export { type Judgement, judge } from "./judge.ts";
export type { PatchOperation } from "./patch.ts";
export type { AdmissionRequest, Endpoint, GroupVersionResource } from "./request.ts";
export type { Code, Decision, Reason } from "./verdict.ts";

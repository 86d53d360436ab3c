export { numberText } from "./compare-json.ts";
export { conclude, type Outcome } from "./conclude.ts";
export { type Judgement, judge } from "./judge.ts";
export type { PatchOperation } from "./patch.ts";
export type { AdmissionRequest, Endpoint, GroupVersionResource } from "./request.ts";
export type { Decision, DenialCode, Reason } from "./verdict.ts";

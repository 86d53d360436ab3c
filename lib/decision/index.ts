export { numberText } from "./compare-json.ts";
export { conclude, type Outcome } from "./conclude.ts";
export { concludeFields } from "./conclude-fields.ts";
export { judge } from "./judge.ts";
export { judgeFields, type WrittenObject } from "./judge-fields.ts";
export type { Judgement } from "./judgement.ts";
export type { PatchOperation } from "./patch.ts";
export type { AdmissionRequest, Endpoint, GroupVersionResource } from "./request.ts";
export type { Cause, Decision, DenialCode, FieldVerdict, Reason } from "./verdict.ts";

/**
 * The decision of an admission webhook that guards fields of custom resources: fields that name the identity which a controller acts as.
 * Pure: it reads a review, says which questions must be answered, and concludes from the answers. The caller decides who answers them.
 *
 * @module
 */
export * from "./decision/index.ts";
export * from "./identity/index.ts";
export * from "./meta/index.ts";
export * from "./policy/index.ts";
export * from "./question/index.ts";
export * from "./review/index.ts";

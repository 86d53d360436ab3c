/**
 * Who may name whom: the decision of an admission webhook that guards the fields of custom resources which name an identity to act as.
 * Pure: it reads a review, says which questions must be answered, and concludes from the answers. Whoever calls it decides who answers.
 *
 * @module
 */
export * from "./decision/index.ts";
export * from "./identity/index.ts";
export * from "./meta/index.ts";
export * from "./policy/index.ts";
export * from "./question/index.ts";
export * from "./review/index.ts";

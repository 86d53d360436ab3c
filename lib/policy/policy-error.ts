/** A policy that is invalid. The message names the place, the value and the fix. */
export class PolicyError extends Error {
  override name = "PolicyError";
}

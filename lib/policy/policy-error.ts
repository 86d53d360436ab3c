/** A policy that says something it must not say. The message names the place, the value and the fix. */
export class PolicyError extends Error {
  override name = "PolicyError";
}

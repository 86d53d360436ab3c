import type { RefusalClass } from "./refusal-class.ts";

/** The credential of the acting account could not be had. */
export class NoActorCredential extends Error {
  override name = "NoActorCredential";
}

/** Why a request got no answer, from what was thrown: without addresses, credentials and the output of plugins. */
export function upstreamFailure(error: unknown): string {
  if (error instanceof NoActorCredential) return "the credential of the acting account cannot be had";
  const code = error instanceof Error && "code" in error ? ` (${error.code})` : "";
  return `the API server cannot be reached${code}`;
}

export function upstreamFailureClass(error: unknown): RefusalClass {
  return error instanceof NoActorCredential ? "actor-unusable" : "unreachable";
}

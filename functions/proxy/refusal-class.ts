import type { StatusObject } from "../../lib/meta/status.ts";

/** Why the proxy itself answered a request, grouped by where the fix belongs. The list is fixed, so that refusals can be counted by it. */
export const refusals = [
  /** The request cannot be read: 400, 431. */
  "malformed",
  /** No cluster is served at the path: 404. */
  "not-found",
  /** The credential is not good: 401. */
  "unauthenticated",
  /** The caller, or the identity that it asks for, has a name that is the proxy's own, or none: 403. */
  "reserved",
  /** The cluster says that the user may not: 403. */
  "forbidden",
  /** The user cannot be sent on as it is: 403. */
  "not-impersonable",
  /** Too many requests are under way: 429. */
  "too-many",
  /** The registry or the accounts of the cluster cannot be relied on: 503. */
  "not-ready",
  /** A question about the caller or its rights got no answer that can be used: 503. */
  "unanswered",
  /** A question about the caller or its rights was not answered in time: 504. */
  "late",
  /** The API server cannot be reached, or ended the request without an answer: 502. */
  "unreachable",
  /** The API server did not answer the request itself in time: 504. */
  "timed-out",
  /** The acting account has no credential, or the API server refused it: 502. */
  "actor-unusable",
  /** What a Lambda function cannot do: 400. */
  "unsupported",
  /** An error in our own code: 500. */
  "fault",
] as const;

export type RefusalClass = (typeof refusals)[number];

const byCode: Readonly<Record<number, RefusalClass>> = {
  401: "unauthenticated",
  403: "forbidden",
  404: "not-found",
  429: "too-many",
  502: "unreachable",
  503: "unanswered",
  504: "late",
};

/** The class of a refusal that has no other one by the place where it arose. */
export function refusalClassOf({ code }: Pick<StatusObject, "code">): RefusalClass {
  return byCode[code] ?? (code < 500 ? "malformed" : "fault");
}

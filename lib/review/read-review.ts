import { type AdmissionRequest, numberText } from "../decision/index.ts";
import { readUserInfo } from "../identity/user-info.ts";
import { isObject, type JsonObject, type Problem } from "../meta/json.ts";

/** An `admission.k8s.io/v1` AdmissionReview that can be answered: it has a uid. */
export interface AdmissionReview {
  readonly uid: string;
  /** Whether the request will not be stored. The decision is the same. */
  readonly dryRun: boolean;
  /** The object, as `metav1.StatusDetails` names it. Members are empty where unknown. */
  readonly subject: { readonly group: string; readonly kind: string; readonly name: string };
  /** The request, or why it cannot be judged. */
  readonly request: AdmissionRequest | Problem;
}

/**
 * Reads the text of an AdmissionReview. Returns a problem where the text cannot be answered as a review: it is not JSON, has another type or
 * version, or has no uid. Every other fault is a problem in `request`, so that the answer is a denial with the uid of the review.
 *
 * @example
 * const review = readReview('{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"1"}}');
 * isProblem(review) ? review.problem : review.uid; // "1"
 */
export function readReview(text: string): AdmissionReview | Problem {
  const review = parse(text);
  if (review === undefined) return { problem: "the body is not JSON" };
  const { apiVersion, kind, request } = isObject(review) ? review : {};
  if (apiVersion !== "admission.k8s.io/v1" || kind !== "AdmissionReview")
    return {
      problem: "the body is not an AdmissionReview of admission.k8s.io/v1; set admissionReviewVersions to [v1]",
    };
  if (!isObject(request)) return { problem: "the AdmissionReview has no request" };
  const { uid, dryRun } = request;
  if (typeof uid !== "string" || uid === "") return { problem: "request.uid is empty or not a string" };
  return {
    uid,
    dryRun: dryRun === true,
    subject: { ...kindOf(request), name: textOf(request["name"]) },
    request: readRequest(request, text),
  };
}

/** Undefined for a text that is not JSON. No JSON text parses to undefined. */
const parse = (text: string, reviver?: (key: string, value: unknown) => unknown): unknown => {
  try {
    return JSON.parse(text, reviver);
  } catch {
    return undefined;
  }
};

const kindOf = (request: JsonObject): AdmissionRequest["kind"] => {
  const { group, kind } = isObject(request["kind"]) ? request["kind"] : {};
  return { group: textOf(group), kind: textOf(kind) };
};

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

const readRequest = (request: JsonObject, text: string): AdmissionRequest | Problem => {
  const { operation, resource, subResource, namespace, userInfo, object, oldObject } = request;
  if (typeof operation !== "string") return { problem: "request.operation is not a string" };
  if (!isObject(resource)) return { problem: "request.resource is not an object" };
  const { group, version, resource: plural } = resource;
  if (typeof group !== "string" || typeof version !== "string" || typeof plural !== "string")
    return { problem: "request.resource is not a group, a version and a resource" };
  if (subResource != null && typeof subResource !== "string") return { problem: "request.subResource is not a string" };
  if (namespace != null && typeof namespace !== "string") return { problem: "request.namespace is not a string" };
  return {
    operation,
    resource: { group, version, resource: plural },
    kind: kindOf(request),
    subResource: subResource ?? "",
    namespace: namespace ?? "",
    requester: readUserInfo(userInfo),
    object,
    oldObject,
    exact: () => exactObjects(text),
  };
};

/** The reviver's third argument (ECMAScript's JSON.parse source text access) is not in the language's type library yet. */
const exactNumber = ((_key: string, value: unknown, context?: { readonly source?: string }) =>
  typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER ? numberText(context?.source) : value) as (
  key: string,
  value: unknown,
) => unknown;

const exactObjects = (text: string): ReturnType<AdmissionRequest["exact"]> => {
  const review = parse(text, exactNumber);
  const request = isObject(review) ? review["request"] : undefined;
  return isObject(request) && isObject(request["object"]) && isObject(request["oldObject"])
    ? { object: request["object"], oldObject: request["oldObject"] }
    : undefined;
};

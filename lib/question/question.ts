import { serviceAccountOf } from "../identity/service-account.ts";
import type { UserInfo } from "../identity/user-info.ts";
import { brief } from "../meta/brief.ts";
import { isObject } from "../meta/json.ts";

/** `authorization.k8s.io/v1` ResourceAttributes. */
export interface ResourceAttributes {
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name: string;
  /** Absent where the request selects everything. */
  readonly fieldSelector?: { readonly requirements: readonly FieldSelectorRequirement[] };
  readonly labelSelector?: { readonly requirements: readonly LabelSelectorRequirement[] };
}

/** `meta/v1` FieldSelectorRequirement. */
export interface FieldSelectorRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn";
  readonly values: readonly string[];
}

/** `meta/v1` LabelSelectorRequirement; without values for `Exists` and `DoesNotExist`. */
export interface LabelSelectorRequirement {
  readonly key: string;
  readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
  readonly values?: readonly string[];
}

/** `authorization.k8s.io/v1` NonResourceAttributes: a path such as `/version`, and the HTTP method in lower case. */
export interface NonResourceAttributes {
  readonly path: string;
  readonly verb: string;
}

/** Whose rights a question is about. */
interface Requester {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** A question about a resource. */
export interface ResourceQuestion extends Requester {
  readonly resourceAttributes: ResourceAttributes;
}

/** A question about a path that does not name a resource. */
export interface PathQuestion extends Requester {
  readonly nonResourceAttributes: NonResourceAttributes;
}

/** One question to an authorizer: an `authorization.k8s.io/v1` SubjectAccessReviewSpec. */
export type Question = ResourceQuestion | PathQuestion;

/** Whether a question is about a path. */
export function isPathQuestion(question: Question): question is PathQuestion {
  return "nonResourceAttributes" in question;
}

/** The answer to a question: a clear yes or no, or no answer, with an HTTP status code for the cause. */
export type Answer = { readonly allowed: boolean; readonly reason: string } | NoAnswer;

/** 502: the answer makes no sense. 503: the authorizer cannot be reached. 504: the answer came too late. */
export interface NoAnswer {
  readonly code: 502 | 503 | 504;
  readonly failure: string;
}

/** A question about a requester. It carries groups, uid and extra too, because rights may depend on them. */
export function question(requester: UserInfo, resourceAttributes: ResourceAttributes): ResourceQuestion {
  return { ...whoseRights(requester), resourceAttributes };
}

/** A question of a requester about a path that does not name a resource. */
export function pathQuestion(requester: UserInfo, nonResourceAttributes: NonResourceAttributes): PathQuestion {
  return { ...whoseRights(requester), nonResourceAttributes };
}

const whoseRights = ({ username, uid, groups, extra }: UserInfo): Requester => ({
  user: username,
  ...(uid ? { uid } : {}),
  groups,
  extra,
});

/**
 * "May the requester impersonate this name?", as the API server's own impersonation filter asks it (`k8s.io/apiserver`
 * pkg/endpoints/filters/impersonation): verb `impersonate` in the core group; `serviceaccounts` with namespace and name for a service
 * account, else `users` without a namespace. A question about the other resource, or about `users` with a namespace, may be answered with
 * a wrong yes.
 *
 * @example impersonationQuestion(alice, "bob").resourceAttributes.resource // "users"
 */
export function impersonationQuestion(requester: UserInfo, name: string): ResourceQuestion {
  const account = serviceAccountOf(name);
  const verb = { verb: "impersonate", group: "", version: "v1" };
  return question(
    requester,
    account ? { ...verb, resource: "serviceaccounts", ...account } : { ...verb, resource: "users", name },
  );
}

/** Equal for equal questions. The requester is a part of a question. */
export function idOfQuestion(question: Question): string {
  const { user, uid, groups, extra } = question;
  return JSON.stringify([user, uid, groups, extra, attributesOf(question)]);
}

const attributesOf = (question: Question): ResourceAttributes | NonResourceAttributes =>
  isPathQuestion(question) ? question.nonResourceAttributes : question.resourceAttributes;

/**
 * A question in the words of `kubectl auth can-i`.
 *
 * @example formatQuestion(impersonationQuestion(alice, "bob")) // "impersonate users/bob"
 */
export function formatQuestion(question: Question): string {
  if (isPathQuestion(question)) return `${question.nonResourceAttributes.verb} ${question.nonResourceAttributes.path}`;
  const { verb, group, resource, subresource, namespace, name } = question.resourceAttributes;
  const what = `${resource}${group && `.${group}`}${name && `/${name}`}`;
  return `${verb} ${what}${subresource ? ` --subresource=${subresource}` : ""}${namespace ? ` -n ${namespace}` : ""}`;
}

/**
 * Reads a SubjectAccessReview that an API server returned. Yes is `allowed === true && denied !== true`. An `evaluationError` beside a yes
 * changes nothing. Without a yes it means that an authorizer could not be asked, so there is no answer.
 *
 * @example
 * const review = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", status: { allowed: true } };
 * readAnswer(review); // { allowed: true, reason: "" }
 */
export function readAnswer(review: unknown): Answer {
  const noAnswer = (what: string): NoAnswer => ({ code: 502, failure: `the SubjectAccessReview came back ${what}` });
  if (!isObject(review)) return noAnswer("as something that is not an object");
  if (review["kind"] !== "SubjectAccessReview" || review["apiVersion"] !== "authorization.k8s.io/v1")
    return noAnswer("with another kind or apiVersion");
  const { status } = review;
  if (!isObject(status)) return noAnswer("without a status");
  const { allowed, denied, reason, evaluationError } = status;
  if (typeof allowed !== "boolean") return noAnswer("without a boolean status.allowed");
  if (denied != null && typeof denied !== "boolean") return noAnswer("with a status.denied that is not a boolean");
  const yes = allowed && denied !== true;
  if (!yes && evaluationError != null && evaluationError !== "")
    return noAnswer(
      `with an evaluation error: ${brief(typeof evaluationError === "string" ? evaluationError : JSON.stringify(evaluationError))}`,
    );
  return { allowed: yes, reason: typeof reason === "string" ? reason : "" };
}

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
}

/** One question to an authorizer: an `authorization.k8s.io/v1` SubjectAccessReviewSpec. */
export interface Question {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
  readonly resourceAttributes: ResourceAttributes;
}

/** The answer to a question: a clear yes or no, or no answer, with an HTTP status code for the cause. */
export type Answer = { readonly allowed: boolean; readonly reason: string } | NoAnswer;

/** 502: the answer makes no sense. 503: the authorizer cannot be reached. 504: the answer came too late. */
export interface NoAnswer {
  readonly code: 502 | 503 | 504;
  readonly failure: string;
}

/** A question about a requester. It carries groups, uid and extra too, because rights may depend on them. */
export function question(requester: UserInfo, resourceAttributes: ResourceAttributes): Question {
  return {
    user: requester.username,
    ...(requester.uid ? { uid: requester.uid } : {}),
    groups: requester.groups,
    extra: requester.extra,
    resourceAttributes,
  };
}

/**
 * "May the requester impersonate this name?", as the API server's own impersonation filter asks it (`k8s.io/apiserver`
 * pkg/endpoints/filters/impersonation): verb `impersonate` in the core group; `serviceaccounts` with namespace and name for a service
 * account, else `users` without a namespace. A question about the other resource, or about `users` with a namespace, may be answered with
 * a wrong yes.
 *
 * @example impersonationQuestion(alice, "bob").resourceAttributes.resource // "users"
 */
export function impersonationQuestion(requester: UserInfo, name: string): Question {
  const account = serviceAccountOf(name);
  const verb = { verb: "impersonate", group: "", version: "v1" };
  return question(
    requester,
    account ? { ...verb, resource: "serviceaccounts", ...account } : { ...verb, resource: "users", name },
  );
}

/** Equal for equal questions. The requester is a part of a question. */
export function idOfQuestion({ user, uid, groups, extra, resourceAttributes }: Question): string {
  return JSON.stringify([user, uid, groups, extra, resourceAttributes]);
}

/**
 * A question in the words of `kubectl auth can-i`.
 *
 * @example formatQuestion(impersonationQuestion(alice, "bob")) // "impersonate users/bob"
 */
export function formatQuestion({ resourceAttributes }: Question): string {
  const { verb, group, resource, namespace, name } = resourceAttributes;
  return `${verb} ${resource}${group && `.${group}`}/${name}${namespace ? ` -n ${namespace}` : ""}`;
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

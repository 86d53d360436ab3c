import { anonymous } from "../identity/implied-groups.ts";
import type { UserInfo } from "../identity/user-info.ts";
import type { HeaderLine } from "../meta/header-line.ts";
import { isProblem } from "../meta/json.ts";
import { type StatusObject, statusObject } from "../meta/status.ts";
import { idOfQuestion, pathQuestion, type Question, question } from "../question/question.ts";
import { parseFieldSelector } from "./field-selector.ts";
import { type Impersonation, impersonatedUser, impersonationQuestions, readImpersonation } from "./impersonation.ts";
import { parseLabelSelector } from "./label-selector.ts";
import type { RequestInfo } from "./request-info.ts";

/** Who sent a request, by the credential that it brought. */
export type Caller = "anonymous" | { readonly user: UserInfo; readonly credential: "token" | "other" };

/** A request whose caller is known. */
export interface ProxyRequest {
  readonly info: RequestInfo;
  readonly lines: readonly HeaderLine[];
  readonly caller: Caller;
}

/** A request before its questions are answered. */
export interface RequestJudgement {
  readonly request: ProxyRequest;
  /** In the order in which the API server would ask them; each one once. */
  readonly questions: readonly Question[];
  /** The user that the request goes on as; undefined where it goes on without one. */
  readonly user: UserInfo | undefined;
  /** The caller, if the request impersonates another user. */
  readonly original: UserInfo | undefined;
  /** Decides the request, whatever the answers are. */
  readonly refusal?: StatusObject;
}

/** Neither a caller nor its impersonation may bring the key under which the original user travels, nor that of Pinniped's impersonator. */
const reservedKey = /^proxy\.impersonation-admission\/|\.impersonation-proxy\.concierge\.pinniped\.dev$/;

/** Bounds the questions of one request, each of which is a call to the API server. */
const mostQuestions = 256;

/** Probes that the API server answers to everybody who has proved who it is. */
const open = ["/healthz", "/livez", "/readyz"];

const anonymousUser: UserInfo = { username: anonymous, groups: ["system:unauthenticated"], extra: {} };

/**
 * Says which questions decide a request: those of its impersonation, asked as the caller, and its own, asked as the user that it goes on
 * as. A request without a credential and without impersonation is the API server's to judge; so are probes, and what `system:masters` do.
 *
 * @example
 * const info = readRequestInfo("GET", "/api/v1/namespaces/a/pods");
 * const caller = { user: alice, credential: "token" };
 * judgeRequest({ info, lines: [["Impersonate-User", "bob"]], caller }).questions.map(formatQuestion); // ["impersonate users/bob", "list pods -n a"]
 */
export function judgeRequest(request: ProxyRequest): RequestJudgement {
  const { info, lines, caller } = request;
  const impersonation = readImpersonation(lines);
  const own = caller === "anonymous" ? undefined : caller.user;
  const refused = (code: number, message: string): RequestJudgement => ({
    request,
    questions: [],
    user: own,
    original: undefined,
    refusal: statusObject(code, message),
  });
  if (isProblem(impersonation)) return refused(400, impersonation.problem);
  const reserved = reservedKeyOf(own, impersonation);
  if (reserved !== undefined)
    return refused(403, `the extra key ${JSON.stringify(reserved)} is reserved for the proxy`);
  if (own?.username === "") return refused(403, "the caller has an empty username, which no request can go on as");
  if (impersonation === undefined)
    return { request, questions: own ? questionsOf(info, own) : [], user: own, original: undefined };
  const original = own ?? anonymousUser;
  const user = impersonatedUser(impersonation);
  const questions = [...impersonationQuestions(original, impersonation), ...questionsOf(info, user)];
  const once = [...new Map(questions.map((each) => [idOfQuestion(each), each])).values()];
  return once.length > mostQuestions
    ? refused(400, `the request asks for ${once.length - 1} identities, of ${mostQuestions - 1} at most`)
    : { request, questions: once, user, original };
}

const reservedKeyOf = (caller: UserInfo | undefined, impersonation: Impersonation | undefined): string | undefined =>
  Object.keys(caller?.extra ?? {}).find(isReserved) ?? impersonation?.extra.map(([key]) => key).find(isReserved);

const isReserved = (key: string): boolean => reservedKey.test(key.toLowerCase());

/** The request's own question, with the attributes that the API server would use. */
const questionsOf = (info: RequestInfo, user: UserInfo): readonly Question[] => {
  const { verb, path, apiGroup, apiVersion, resource, subresource, namespace, name } = info;
  if (user.groups.includes("system:masters")) return [];
  if (!info.isResourceRequest) return open.includes(path) ? [] : [pathQuestion(user, { path, verb })];
  // A SubjectAccessReview takes no requirement without a key. Without that requirement it is about more objects, not about fewer.
  const fields = (parseFieldSelector(info.fieldSelector) ?? []).filter(({ key }) => key !== "");
  const labels = parseLabelSelector(info.labelSelector) ?? [];
  return [
    question(user, {
      ...{ verb, group: apiGroup, version: apiVersion, resource, name },
      ...(subresource && { subresource }),
      ...(namespace && { namespace }),
      ...(fields.length > 0 && { fieldSelector: { requirements: fields } }),
      ...(labels.length > 0 && { labelSelector: { requirements: labels } }),
    }),
  ];
};

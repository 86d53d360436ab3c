import type { UserInfo } from "../identity/user-info.ts";
import type { HeaderLine } from "../meta/header-line.ts";
import { type StatusObject, statusObject } from "../meta/status.ts";
import { type Answer, isPathQuestion, type Question } from "../question/question.ts";
import { actingLines } from "./acting-lines.ts";
import { forbiddenStatus } from "./forbidden-status.ts";
import type { RequestJudgement } from "./judge-request.ts";

/** What becomes of a request: it goes on, or its caller gets a `metav1.Status`. */
export type RequestOutcome = Forwarded | { readonly refusal: StatusObject };

/** How a request goes on to the API server. */
export interface Forwarded {
  /** Whose credential it goes on with: the acting account's and `lines`, the caller's own token, or none. */
  readonly credential: "actor" | "caller" | "none";
  /** The impersonation headers; none unless the credential is the acting account's. */
  readonly lines: readonly HeaderLine[];
  /** Undefined for a request without a credential. */
  readonly user: UserInfo | undefined;
}

export interface ConcludeOptions {
  /**
   * What becomes of a user with a uid, such as a service account: its own token goes on in place of impersonation, or `Impersonate-Uid` is
   * sent, which the acting account must be allowed to.
   */
  readonly uid: "passthrough" | "impersonate";
  /** A resource that requests without a credential may use on a cluster that refuses them: those of an API group with this prefix. */
  readonly anonymousException?: { readonly groupPrefix: string; readonly resource: string };
}

/**
 * Concludes a request from the answers to its questions, which stand in their order: the first one that is not a yes decides, as it would
 * in the API server. A missing answer is no answer, and a request whose question has none is never forwarded.
 */
export function concludeRequest(
  judgement: RequestJudgement,
  answers: readonly (Answer | undefined)[],
  options: ConcludeOptions,
): RequestOutcome {
  const { questions, user, original, request } = judgement;
  if (judgement.refusal) return { refusal: judgement.refusal };
  for (const [index, question] of questions.entries()) {
    const refusal = refusalOf(question, answers[index]);
    if (refusal) return { refusal };
  }
  if (user === undefined) return withoutUser(judgement, options);
  const token = request.caller !== "anonymous" && request.caller.credential === "token";
  if (user.uid && options.uid === "passthrough") {
    if (original || !token) return refused(403, original ? uidNotImpersonated : uidWithoutToken);
    return { credential: "caller", lines: [], user };
  }
  const lines = actingLines(user, original);
  return "problem" in lines ? refused(403, lines.problem) : { credential: "actor", lines: lines.lines, user };
}

const uidNotImpersonated = "this proxy does not impersonate uids; leave --as-uid away";
const uidWithoutToken =
  "the user has a uid, and this proxy passes a user with a uid on with a token only; use a token in place of the client certificate";

const refused = (code: number, message: string) => ({ refusal: statusObject(code, message) });

const refusalOf = (question: Question, answer: Answer | undefined): StatusObject | undefined => {
  if (!isPathQuestion(question) && question.resourceAttributes.verb === "")
    return forbiddenStatus(question, "invalid verb");
  if (answer === undefined) return statusObject(503, "the request was not authorized: no answer came back");
  if ("failure" in answer)
    return statusObject(answer.code === 502 ? 503 : answer.code, `the request was not authorized: ${answer.failure}`);
  return answer.allowed ? undefined : forbiddenStatus(question, answer.reason);
};

/** The API server itself decides what a request without a credential may do. */
const withoutUser = (
  { request: { info } }: RequestJudgement,
  { anonymousException: exception }: ConcludeOptions,
): Forwarded => {
  const isException =
    exception !== undefined &&
    info.isResourceRequest &&
    info.apiGroup.startsWith(exception.groupPrefix) &&
    info.resource === exception.resource;
  const lines: readonly HeaderLine[] = [
    ["Impersonate-User", "system:anonymous"],
    ["Impersonate-Group", "system:unauthenticated"],
  ];
  return isException
    ? { credential: "actor", lines, user: undefined }
    : { credential: "none", lines: [], user: undefined };
};

import { brief } from "../meta/brief.ts";
import { isObject, isProblem, type Problem } from "../meta/json.ts";
import { type Policy, targetOf } from "../policy/policy.ts";
import { idOfQuestion, type Question } from "../question/question.ts";
import { judgedFields } from "./covered-write.ts";
import { type Finding, isBranch, questionsOf } from "./finding.ts";
import { judgeObject } from "./judge-object.ts";
import { isJudgedSubresource, judgeSubresource } from "./judge-subresource.ts";
import type { AdmissionRequest, Endpoint } from "./request.ts";
import { denied, skipped, tooMany } from "./review-verdict.ts";
import type { Denied } from "./verdict.ts";

/** The result of judging a review, before its questions are answered. */
export interface Judgement {
  readonly policy: Policy;
  readonly endpoint: Endpoint;
  /** The requester's username, empty where it cannot be read. */
  readonly requester: string;
  /** At least one: on each field, or one on the review as a whole. */
  readonly findings: readonly Finding[];
  /** To be asked together; equal questions stand here once. */
  readonly questions: readonly Question[];
}

/** Each is a call to the API server, all in one round trip. */
const mostQuestions = 64;

/**
 * Judges a request by a policy. It asks nothing: the questions that must be answered first stand in `questions`, and `conclude` takes the
 * answers. The endpoint counts, because the API server puts the old status back between its calls of mutate and validate.
 *
 * @example judge(policy, request, "mutate").questions.map(formatQuestion) // ["impersonate users/bob"]
 */
export function judge(policy: Policy, request: AdmissionRequest | Problem, endpoint: Endpoint): Judgement {
  const requester = isProblem(request) || isProblem(request.requester) ? "" : request.requester.username;
  const findings = findingsOf(policy, request, endpoint);
  const questions = distinct(findings.flatMap(questionsOf));
  return questions.length > mostQuestions
    ? { policy, endpoint, requester, findings: [tooManyQuestions(findings, questions.length)], questions: [] }
    : { policy, endpoint, requester, findings, questions };
}

/** The order of the rule; the first point that concludes ends it. */
const findingsOf = (policy: Policy, request: AdmissionRequest | Problem, endpoint: Endpoint): readonly Finding[] => {
  if (policy.enforcement === "off") return [skipped("enforcement-off", "the policy is switched off")];
  if (isProblem(request)) return [denied("malformed-review", 500, request.problem)];
  return coveredFindings(policy, asPodBinding(policy, request), endpoint);
};

/** The core resource `bindings` is another name of `pods/binding` (`k8s.io/kubernetes` pkg/registry/core/rest). */
const asPodBinding = (policy: Policy, request: AdmissionRequest): AdmissionRequest => {
  const { resource, subResource } = request;
  const isBinding = resource.group === "" && resource.resource === "bindings" && subResource === "";
  const pods = { ...resource, resource: "pods" };
  return isBinding && !targetOf(policy, resource) && targetOf(policy, pods)
    ? { ...request, resource: pods, subResource: "binding" }
    : request;
};

const coveredFindings = (policy: Policy, request: AdmissionRequest, endpoint: Endpoint): readonly Finding[] => {
  const { operation, subResource, resource } = request;
  if (operation === "DELETE" || operation === "CONNECT") return [skipped("operation", `${operation} is not judged`)];
  if (operation !== "CREATE" && operation !== "UPDATE")
    return [denied("malformed-review", 500, `request.operation "${brief(operation)}" is unknown`)];
  const target = targetOf(policy, resource);
  if (target === undefined) return [subResource === "" ? uncovered(policy, request) : notJudged(subResource)];
  const fields = judgedFields(target, endpoint);
  if (subResource !== "" && !isJudgedSubresource(fields, target, subResource)) return [notJudged(subResource)];

  const { object, oldObject } = request;
  const isUpdate = operation === "UPDATE" || subResource === "status";
  if (!isObject(object)) return [denied("no-object", 500, "request.object is not an object")];
  if (isUpdate && !isObject(oldObject))
    return [denied("no-old-object", 500, "request.oldObject is not an object, so the change cannot be judged")];
  const before = isUpdate && isObject(oldObject) ? oldObject : undefined;
  const write = { policy, target, fields, request, object, before };
  return subResource === "" ? judgeObject(write, endpoint) : judgeSubresource(write);
};

const notJudged = (subResource: string): Finding =>
  skipped("subresource", `the subresource ${brief(subResource)} is not judged`);

const uncovered = ({ name }: Policy, { resource: { group, version, resource } }: AdmissionRequest): Denied => {
  const missing = brief([resource, version, group].filter(Boolean).join("."));
  const why = `policy ${name} covers no ${missing}; add it to the policy, or take it out of the webhook configuration`;
  return denied("uncovered-resource", 403, why);
};

const tooManyQuestions = (findings: readonly Finding[], questions: number): Denied => {
  const fields = findings.filter(isBranch).map(({ subject }) => subject.at);
  const what = `the object names so many identities that ${questions} questions would be asked, of ${mostQuestions} at most`;
  return tooMany(fields, what);
};

const distinct = (questions: readonly Question[]): readonly Question[] => [
  ...new Map(questions.map((question) => [idOfQuestion(question), question])).values(),
];

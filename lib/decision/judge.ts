import { isObject, isProblem, type Problem } from "../identity/json.ts";
import { keyOf, type Question } from "../identity/question.ts";
import { formatKeys } from "../policy/path.ts";
import { type Policy, targetOf } from "../policy/policy.ts";
import { casesOf } from "./case.ts";
import { type Finding, isBranch, questionsOf } from "./finding.ts";
import { judgeField } from "./judge-field.ts";
import type { AdmissionRequest } from "./request.ts";
import { isUnchanged } from "./unchanged.ts";
import type { Code, Denied, Kept, Reason } from "./verdict.ts";

/** What a review comes to, but for the answers. */
export interface Judgement {
  readonly policy: Policy;
  /** The requester's username, empty where it cannot be read. */
  readonly requester: string;
  /** At least one: on each field, or one on the review as a whole. */
  readonly findings: readonly Finding[];
  /** To be asked together; equal questions stand here once. */
  readonly questions: readonly Question[];
}

/** Each is a call to the API server, all in one round trip. */
const mostQuestions = 64;
/** Each is judged, patched and told of: an object can be made of nothing else, and its answer would be larger than itself. */
const mostFields = 1_000;

/**
 * Judges a request by a policy. It asks nobody: what must be known first stands in `questions`, and `conclude` takes the answers.
 *
 * @example judge(policy, request).questions.map(formatQuestion) // ["impersonate users/bob"]
 */
export const judge = (policy: Policy, request: AdmissionRequest | Problem): Judgement => {
  const requester = isProblem(request) || isProblem(request.requester) ? "" : request.requester.username;
  const findings = findingsOf(policy, request);
  const questions = distinct(findings.flatMap(questionsOf));
  return questions.length > mostQuestions
    ? { policy, requester, findings: [tooManyQuestions(findings, questions.length)], questions: [] }
    : { policy, requester, findings, questions };
};

/** The order of the rule; the first point that concludes ends it. */
const findingsOf = (policy: Policy, request: AdmissionRequest | Problem): readonly Finding[] => {
  if (policy.enforcement === "off") return [skipped("enforcement-off", "the policy is switched off")];
  if (isProblem(request)) return [denied("malformed-review", 500, request.problem)];

  const { operation, subResource, resource } = request;
  if (operation === "DELETE" || operation === "CONNECT") return [skipped("operation", `${operation} is not judged`)];
  if (operation !== "CREATE" && operation !== "UPDATE")
    return [denied("malformed-review", 500, `request.operation is no operation: ${operation}`)];
  const target = targetOf(policy, resource);
  const statusWrite = subResource === "status" && target !== undefined && target.statusPaths.length > 0;
  if (subResource !== "" && !statusWrite)
    return [skipped("subresource", `the subresource ${subResource} is not judged`)];
  if (target === undefined) {
    const missing = [resource.resource, resource.version, resource.group].filter(Boolean).join(".");
    const why = `policy ${policy.name} covers no ${missing}; add it to the policy, or take it out of the webhook configuration`;
    return [denied("uncovered-resource", 403, why)];
  }

  const { object, oldObject, requester, namespace } = request;
  const isUpdate = operation === "UPDATE" || statusWrite;
  if (!isObject(object)) return [denied("no-object", 500, "request.object is not an object")];
  if (isUpdate && !isObject(oldObject))
    return [denied("no-old-object", 500, "request.oldObject is not an object, so the change cannot be judged")];
  const before = isUpdate && isObject(oldObject) ? oldObject : undefined;
  if (before && isUnchanged(request, target, statusWrite))
    return [skipped("unchanged", "nothing changed that runs as the declared identity")];
  if (isProblem(requester)) return [denied("no-requester", 500, requester.problem)];

  const review = { policy, target, requester, namespace, statusWrite };
  const cases =
    before && statusWrite
      ? casesOf({ ...review, object: before, before: undefined })
      : casesOf({ ...review, object, before });
  if (cases.length === 0) return [skipped("no-field", "the object has no field that names an identity")];
  if (cases.length > mostFields) {
    const fields = cases.map(({ at }) => at);
    return [tooMany(fields, `the object has ${fields.length} fields for identities, of ${mostFields} at most`)];
  }
  return cases.map(judgeField);
};

const tooManyQuestions = (findings: readonly Finding[], questions: number): Denied => {
  const fields = findings.filter(isBranch).map(({ about }) => formatKeys(about.keys));
  const what = `the object names so many identities that ${questions} questions would be asked, of ${mostQuestions} at most`;
  return tooMany(fields, what);
};

/** Only the first of the fields is named: the others are as much at fault. */
const tooMany = (fields: readonly string[], what: string): Denied => {
  const message = `${what}; split the object`;
  const causes = fields.slice(0, 1).map((field) => ({ field, message }));
  return { ...denied("too-many-identities", 422, message), causes };
};

const distinct = (questions: readonly Question[]): readonly Question[] => [
  ...new Map(questions.map((question) => [keyOf(question), question])).values(),
];

const skipped = (reason: Reason, sentence: string): Kept => ({
  decision: "skipped",
  reason,
  sentence,
  declared: "",
  effective: "",
});

const denied = (reason: Reason, code: Code, sentence: string): Denied => ({
  decision: "denied",
  reason,
  sentence,
  code,
  causes: [],
  declared: "",
  effective: "",
});

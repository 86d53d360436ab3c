import { isObject, isProblem, type JsonObject, type Problem } from "../identity/json.ts";
import { keyOf, type Question } from "../identity/question.ts";
import { type Path, type Place, placesOf, pointerOf } from "../policy/path.ts";
import { type Policy, type Target, targetOf } from "../policy/policy.ts";
import { compare } from "./equal.ts";
import { type Finding, questionsOf } from "./finding.ts";
import { judgeField, type Review } from "./judge-field.ts";
import type { AdmissionRequest } from "./request.ts";
import type { Code, Decision, Reason, Verdict } from "./verdict.ts";

/** What a review comes to, but for the answers. */
export interface Judgement {
  readonly policy: Policy;
  /** The requester's username, empty where it cannot be read. */
  readonly requester: string;
  /** A status write cannot be patched: what would have to be is denied. */
  readonly patchable: boolean;
  readonly findings: readonly Finding[];
  /** To be asked together; equal questions stand here once. */
  readonly questions: readonly Question[];
}

/** A review that names more different identities than this is denied: each is a question to the API server. */
const mostQuestions = 64;

/**
 * Judges a request by a policy, in the order of the rule; the first point that concludes ends it. It asks nobody: what must be known
 * first stands in `questions`, and `conclude` takes the answers.
 *
 * @example judge(policy, request).questions.map(formatQuestion) // ["impersonate users/bob"]
 */
export const judge = (policy: Policy, request: AdmissionRequest | Problem): Judgement => {
  const requester = isProblem(request) || isProblem(request.requester) ? "" : request.requester.username;
  const judgement = (findings: readonly Finding[], patchable = true): Judgement => {
    const questions = distinct(findings.flatMap(questionsOf));
    if (questions.length > mostQuestions)
      return judgement([
        denied("too-many-identities", 422, `the object names more than ${mostQuestions} identities; split it`),
      ]);
    return { policy, requester, patchable, findings, questions };
  };

  if (policy.enforcement === "off") return judgement([skipped("enforcement-off", "the policy is switched off")]);
  if (isProblem(request)) return judgement([denied("malformed-review", 500, request.problem)]);
  const { operation, subResource, resource } = request;
  if (operation === "DELETE" || operation === "CONNECT")
    return judgement([skipped("operation", `${operation} is not judged`)]);
  const target = targetOf(policy, resource);
  const status = subResource === "status" && target !== undefined && target.statusPaths.length > 0;
  if (subResource !== "" && !status)
    return judgement([skipped("subresource", `the subresource ${subResource} is not judged`)]);
  if (target === undefined) {
    const { group, version, resource: plural } = resource;
    const why = `policy ${policy.name} covers no ${plural}.${version}.${group}; add it to the policy, or take it out of the webhook configuration`;
    return judgement([denied("uncovered-resource", 403, why)]);
  }
  if (operation !== "CREATE" && operation !== "UPDATE")
    return judgement([denied("malformed-review", 500, `request.operation is no operation: ${operation}`)]);
  const { object, oldObject } = request;
  if (!isObject(object)) return judgement([denied("no-object", 500, "request.object is not an object")]);
  if ((operation === "UPDATE" || status) && !isObject(oldObject))
    return judgement([
      denied("no-old-object", 500, "request.oldObject is not an object, so the change cannot be judged"),
    ]);
  if (isObject(oldObject) && operation === "UPDATE" && isUnchanged(request, target, status))
    return judgement([skipped("unchanged", "nothing changed that runs as the declared identity")]);
  if (isProblem(request.requester)) return judgement([denied("no-requester", 500, request.requester.problem)]);

  const findings = fieldsOf({
    policy,
    target,
    requester: request.requester,
    namespace: request.namespace,
    object: status ? (oldObject as JsonObject) : object,
    oldObject: isObject(oldObject) ? oldObject : undefined,
    statusWrite: status,
  });
  return judgement(
    findings.length > 0 ? findings : [skipped("no-field", "the object has no field that names an identity")],
    !status,
  );
};

const fieldsOf = ({
  oldObject,
  ...review
}: Review & { readonly oldObject: JsonObject | undefined }): readonly Finding[] =>
  review.target.fields.flatMap((field) => {
    const old = new Map(
      (oldObject ? placesOf(oldObject, field.path) : []).map((place) => [pointerOf(place.keys), place]),
    );
    return placesOf(review.object, field.path).map((place) => {
      const before = old.get(pointerOf(place.keys));
      return judgeField({
        ...review,
        field,
        place,
        ...(before && oldObject ? { before: { place: before, object: oldObject } } : {}),
      });
    });
  });

/** Point 6: equal outside `metadata` and `status`, with equal declared identities. A status write: equal in the target's status paths. */
const isUnchanged = (request: AdmissionRequest, target: Target, status: boolean): boolean => {
  const parts = (object: JsonObject): unknown => {
    const at = (paths: readonly Path[]) => paths.map((path) => placesOf(object, path).map(comparable));
    if (status) return at(target.statusPaths);
    const { metadata: _, status: __, ...rest } = object;
    return [rest, at(target.fields.map((field) => field.path))];
  };
  const same = (objects: Pick<AdmissionRequest, "object" | "oldObject"> | undefined) =>
    objects && compare(parts(objects.object as JsonObject), parts(objects.oldObject as JsonObject));
  const outcome = same(request);
  return outcome === "alike" ? same(request.exact()) === "equal" : outcome === "equal";
};

/** Absent and null differ, and so do places. */
const comparable = ({ keys, value }: Place): unknown => (value === undefined ? [keys] : [keys, value]);

const distinct = (questions: readonly Question[]): readonly Question[] => [
  ...new Map(questions.map((question) => [keyOf(question), question])).values(),
];

const verdict = (decision: Decision, reason: Reason, code: Code, sentence: string): Verdict => ({
  decision,
  reason,
  notice: sentence,
  refusal: sentence,
  code,
  declared: "",
  effective: "",
});
const skipped = (reason: Reason, why: string): Verdict => verdict("skipped", reason, 403, why);
const denied = (reason: Reason, code: Code, why: string): Verdict => verdict("denied", reason, code, why);

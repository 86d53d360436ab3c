import { brief } from "../meta/brief.ts";
import { isObject, isProblem, type Problem } from "../meta/json.ts";
import { type Policy, targetOf } from "../policy/policy.ts";
import { judgedFields } from "./covered-write.ts";
import type { Finding } from "./finding.ts";
import { judgeObject } from "./judge-object.ts";
import { isJudgedSubresource, judgeSubresource } from "./judge-subresource.ts";
import { type Judgement, judgementOf } from "./judgement.ts";
import type { AdmissionRequest, Endpoint } from "./request.ts";
import { denied, skipped, uncovered } from "./review-verdict.ts";

/**
 * Judges a request by a policy. It asks no question itself: `questions` lists those that must be answered, and `conclude` takes the
 * answers. The endpoint matters, because the API server restores the old status between its calls of mutate and validate.
 *
 * @example judge(policy, request, "mutate").questions.map(formatQuestion) // ["impersonate users/bob"]
 */
export function judge(policy: Policy, request: AdmissionRequest | Problem, endpoint: Endpoint): Judgement {
  const requester = isProblem(request) || isProblem(request.requester) ? "" : request.requester.username;
  return judgementOf({ policy, endpoint, requester, findings: findingsOf(policy, request, endpoint) });
}

/** In the order of the rule; the first point that concludes ends it. */
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
  if (target === undefined) return [subResource === "" ? uncovered(policy, resource) : notJudged(subResource)];
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

import { goQuote } from "../meta/go-quote.ts";
import { type StatusObject, statusObject } from "../meta/status.ts";
import { isPathQuestion, type Question } from "../question/question.ts";

/** Who decided. An API server behind the proxy says the same words of its own decisions. */
const decider = "decision made by proxy.impersonation-admission";

/** Texts of a caller that stand in an error must not look like HTML. */
const sanitized = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

const sentenceOf = (question: Question): string => {
  const user = `User ${goQuote(question.user)}`;
  if (isPathQuestion(question)) {
    const { verb, path } = question.nonResourceAttributes;
    return `${user} cannot ${verb} path ${goQuote(path)}`;
  }
  const { verb, group, resource, subresource, namespace } = question.resourceAttributes;
  const what = goQuote(subresource ? `${resource}/${subresource}` : resource);
  const where = namespace ? `in the namespace ${goQuote(namespace)}` : "at the cluster scope";
  return `${user} cannot ${verb} resource ${what} in API group ${goQuote(group)} ${where}`;
};

/**
 * The Status of a request that its user may not make, in the API server's words (`k8s.io/apiserver`
 * pkg/endpoints/handlers/responsewriters Forbidden, `k8s.io/apimachinery` pkg/api/errors NewForbidden), with a reason that says who
 * decided.
 *
 * @param reason the authorizer's, or ""
 */
export function forbiddenStatus(question: Question, reason: string): StatusObject {
  const because = `${sanitized(sentenceOf(question))}: ${reason === "" ? decider : `${reason}, ${decider}`}`;
  if (isPathQuestion(question)) return statusObject(403, `forbidden: ${because}`, {});
  const { group, resource, name } = question.resourceAttributes;
  const kind = group === "" ? resource : `${resource}.${group}`;
  const message =
    kind === "" ? `forbidden: ${because}` : `${kind}${name && ` ${goQuote(name)}`} is forbidden: ${because}`;
  const details = { ...(name && { name }), ...(group && { group }), ...(resource && { kind: resource }) };
  return statusObject(403, message, details);
}

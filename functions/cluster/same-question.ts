import { isDeepStrictEqual } from "node:util";
import { isObject } from "../../lib/meta/json.ts";
import { isPathQuestion, type Question } from "../../lib/question/question.ts";

const isEmpty = (value: unknown): boolean =>
  value == null || value === "" || (typeof value === "object" && Object.keys(value).length === 0);

/** Whether two objects agree in these members; Go leaves out empty ones. */
const agree = (members: readonly string[], sent: object, received: unknown): boolean => {
  const [ours, theirs] = [new Map(Object.entries(sent)), new Map(Object.entries(received ?? {}))];
  return members.every((member) => {
    const [one, other] = [ours.get(member), theirs.get(member)];
    return isDeepStrictEqual(one, other) || (isEmpty(one) && isEmpty(other));
  });
};

const userMembers = ["user", "uid", "groups"];
const pathMembers = ["path", "verb"];
const attributeMembers = ["verb", "group", "resource", "subresource", "namespace", "name"];

/**
 * Whether a SubjectAccessReview that came back is about the question that was sent: API servers repeat the spec. A reply about another
 * question, from a connection that is out of step or from a cache on the way, is not an answer. Members that a later API server adds to a
 * spec are ignored.
 */
export function isSameQuestion(question: Question, review: unknown): boolean {
  const spec = isObject(review) ? review["spec"] : undefined;
  if (!isObject(spec)) return false;
  const keys = Object.keys({ ...question.extra, ...(isObject(spec["extra"]) ? spec["extra"] : {}) });
  return (
    agree(userMembers, question, spec) &&
    agree(keys, question.extra, spec["extra"]) &&
    (isPathQuestion(question)
      ? agree(pathMembers, question.nonResourceAttributes, spec["nonResourceAttributes"])
      : agree(attributeMembers, question.resourceAttributes, spec["resourceAttributes"]))
  );
}

import { type Answer, type ResourceQuestion, readAnswer } from "../../../lib/index.ts";

/** The meaning of an authorizer's reply: a clear yes or no, or none that can be relied on. */
export type Meaning = "yes" | "no" | "none";

const review = (status: unknown): object => ({
  apiVersion: "authorization.k8s.io/v1",
  kind: "SubjectAccessReview",
  status,
});

/** The possible replies to a question, each with its meaning by the letter of the rule: yes is `allowed === true && denied !== true`. */
const replies = {
  yes: ["yes", review({ allowed: true })],
  "yes, with a reason": ["yes", review({ allowed: true, denied: false, reason: "RBAC: allowed" })],
  "yes, with an error": ["yes", review({ allowed: true, evaluationError: "no role" })],
  no: ["no", review({ allowed: false })],
  denied: ["no", review({ allowed: false, denied: true, reason: "no" })],
  "allowed and denied": ["no", review({ allowed: true, denied: true })],
  "no, with an error": ["none", review({ allowed: false, evaluationError: "no role" })],
  "denied, with an error": ["none", review({ allowed: true, denied: true, evaluationError: "no role" })],
  "the text true": ["none", review({ allowed: "true" })],
  "the number 1": ["none", review({ allowed: 1 })],
  "denied as text": ["none", review({ allowed: true, denied: "true" })],
  "no status": ["none", review(null)],
  "a list": ["none", [review({ allowed: true })]],
  "another kind": ["none", { ...review({ allowed: true }), kind: "SelfSubjectAccessReview" }],
  null: ["none", null],
  late: ["none", { code: 504, failure: "late" }],
  away: ["none", { code: 503, failure: "away" }],
} as const satisfies Readonly<Record<string, readonly [Meaning, unknown]>>;
export type Reply = keyof typeof replies;

/** All replies, by meaning. */
export const repliesOf = (meaning: Meaning): readonly Reply[] =>
  (Object.keys(replies) as Reply[]).filter((reply) => replies[reply][0] === meaning);

/** FNV-1a. */
const hash = (text: string): number => {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  return sum >>> 0;
};

/** All members of a question, in a fixed order. */
export const keyOf = ({ user, uid = "", groups, extra, resourceAttributes: asked }: ResourceQuestion): string => {
  const { verb, group, version, resource, subresource = "", namespace = "", name, ...unknown } = asked;
  const attributes = [verb, group, version, resource, subresource, namespace, name, Object.keys(unknown)];
  return JSON.stringify([user, uid, groups, Object.entries(extra).sort(), attributes]);
};

/** An authorizer that chooses its reply to a question from a few, and repeats it for the same question. */
export interface Authorizer {
  readonly answer: (question: ResourceQuestion) => Answer;
  /** The questions so far, each with the meaning of the reply. */
  readonly heard: ReadonlyMap<string, Meaning>;
}

export const authorizerOf = (few: readonly Reply[]): Authorizer => {
  const heard = new Map<string, Meaning>();
  const answer = (question: ResourceQuestion): Answer => {
    const key = keyOf(question);
    const [meaning, reply] = replies[few[hash(key) % few.length] ?? "no"];
    heard.set(key, meaning);
    return reply !== null && "failure" in reply ? reply : readAnswer(reply);
  };
  return { answer, heard };
};

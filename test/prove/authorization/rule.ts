import {
  type Answer,
  conclude,
  type Decision,
  isProblem,
  judge,
  type Reason,
  type ResourceQuestion,
  readAnswer,
  readPolicy,
  readReview,
  type UserInfo,
} from "../../../lib/index.ts";
import type { Review } from "../worlds/stage.ts";

/** What is proven: both may be replaced, to see that a wrong one is found out. */
export type Keeps = (requester: UserInfo, declared: string, ask: Ask) => Promise<Ruling>;
export type Ask = (question: ResourceQuestion) => Promise<Answer>;

/** What the rule says of a field. */
export interface Ruling {
  /** Whether the declared identity stays, which is what makes the controller act as it. */
  readonly kept: boolean;
  readonly decision: Decision;
  readonly reason: Reason;
}

const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });

/** Whom the privileged values stand for. */
export const standIn = "system:serviceaccount:razeedeploy:razeedeploy-sa";

const reviewOf = (userInfo: UserInfo, declared: string): string =>
  JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: "prove",
      operation: "CREATE",
      kind: { group: "deploy.razee.io", version: "v1alpha2", kind: "MustacheTemplate" },
      resource: { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" },
      namespace: "default",
      userInfo,
      object: {
        apiVersion: "deploy.razee.io/v1alpha2",
        kind: "MustacheTemplate",
        metadata: { name: "prove", namespace: "default" },
        spec: { clusterAuth: { impersonateUser: declared } },
      },
      oldObject: null,
    },
  });

/** Puts a new object of the requester's through the rule as the webhook does; both endpoints must come to the same. */
export const keeps: Keeps = async (requester, declared, ask) => {
  const review = readReview(reviewOf(requester, declared));
  if (isProblem(review)) throw new Error(review.problem);
  const judgement = judge(policy, review.request, "mutate");
  const answers = await Promise.all(judgement.questions.map(ask));
  const mutate = conclude(judgement, answers);
  const validate = conclude({ ...judgement, endpoint: "validate" }, answers);
  const kept = mutate.decision !== "denied" && mutate.patch.length === 0;
  if (kept !== (validate.decision !== "denied"))
    throw new Error(`mutate ${mutate.decision}, validate ${validate.decision}`);
  return { kept, decision: mutate.decision, reason: mutate.reason };
};

/** Answers from the API server itself, by SubjectAccessReview. */
export const askReviews =
  (review: Review): Ask =>
  async (question) => {
    const { status, body } = await review(question);
    if (status !== 201) throw new Error(`SubjectAccessReview: ${status} ${JSON.stringify(body)}`);
    return readAnswer(body);
  };

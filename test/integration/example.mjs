import { conclude, formatQuestion, judge, readPolicy, readReview, writeReview } from "impersonation-admission";
import { userImpersonatorRoles } from "impersonation-admission/manifests";
import { authorize, readWorld } from "impersonation-admission/rbac";

// The guarded resources: those of Razee, whose field spec.clusterAuth.impersonateUser names an identity.
const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });

// The permissions: alice may impersonate bob. RBAC manifests answer here; in the function, the cluster's API server does.
const world = readWorld(userImpersonatorRoles("alice", "bob"));

// The request, as the API server sends it: alice creates an object that names carol.
const request = {
  uid: "7f1b6bd4",
  operation: "CREATE",
  resource: { group: "deploy.razee.io", version: "v1alpha2", resource: "mustachetemplates" },
  userInfo: { username: "alice", groups: ["system:authenticated"] },
  object: { spec: { clusterAuth: { impersonateUser: "carol" } } },
};
const review = readReview(JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request }));
if ("problem" in review) throw new Error(review.problem);

// Judge it, answer the questions, conclude from the answers.
const judgement = judge(policy, review.request, "mutate");
console.log(judgement.questions.map(formatQuestion)); // [ 'impersonate users/carol' ]
const answers = judgement.questions.map((question) => authorize(world, question));
const outcome = conclude(judgement, answers);
console.log(outcome.message); // spec.clusterAuth.impersonateUser: "carol" replaced by "alice", who may not impersonate it

// The response for the API server: the patch that replaces the name, the warning, the audit annotations.
const answer = writeReview(review, outcome, (text) => Buffer.from(text).toString("base64"));
console.log(answer.response);

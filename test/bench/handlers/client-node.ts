import { AuthorizationV1Api, KubeConfig } from "@kubernetes/client-node";
import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { allow, questionIn, reviewIn } from "./review.ts";

const kubeconfig = new KubeConfig();
kubeconfig.loadFromFile(process.env["REGISTRY"] ?? "");
kubeconfig.setCurrentContext("demo");
const api = kubeconfig.makeApiClient(AuthorizationV1Api);

/** One question, as client-node's documentation asks it. */
export const handler = async (event: APIGatewayProxyEventV2) => {
  const review = reviewIn(event.body ?? "");
  await api.createSubjectAccessReview({ body: questionIn(review) });
  return allow(review.request.uid);
};

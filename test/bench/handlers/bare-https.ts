import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { askOf } from "./ask.ts";
import { allow, questionIn, reviewIn } from "./review.ts";

const ask = askOf(process.env["REGISTRY"] ?? "");

/** One question, whose answer is passed on unchecked. */
export const handler = async (event: APIGatewayProxyEventV2) => {
  const review = reviewIn(event.body ?? "");
  await ask(questionIn(review));
  return allow(review.request.uid);
};

const stranger = {
  body: JSON.stringify({
    request: { userInfo: { username: "stranger" }, object: { spec: { clusterAuth: { impersonateUser: "another" } } } },
  }),
} as APIGatewayProxyEventV2;

/** One review, before the first call. */
export const warmed = () => handler(stranger);

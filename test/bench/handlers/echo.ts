import type { APIGatewayProxyEventV2 } from "aws-lambda";
import { allow, reviewIn } from "./review.ts";

export const handler = async (event: APIGatewayProxyEventV2) => allow(reviewIn(event.body ?? "").request.uid);

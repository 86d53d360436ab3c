import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { AwsCall, AwsRequest } from "./aws-caller.ts";
import { AwsFailure } from "./aws-failure.ts";

/** Calls an action of a service that speaks the AWS JSON 1.1 protocol (https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html). */
export async function jsonAction(
  call: AwsCall,
  target: string,
  input: JsonObject,
  { deadline, ...request }: Pick<AwsRequest, "service" | "region" | "hints"> & { readonly deadline: number },
): Promise<JsonObject> {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": target };
  const text = await call({ ...request, headers, body: JSON.stringify(input) }, deadline);
  const output = parsed(text);
  if (!isObject(output)) throw new AwsFailure(`${target} did not answer with a JSON object`);
  return output;
}

/** Text that cannot be parsed is not repeated in an error: it may be a secret. */
const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

import type { AwsCall } from "./aws-caller.ts";
import { AwsFailure } from "./aws-failure.ts";
import { jsonAction } from "./json-action.ts";

const hints = {
  AccessDenied: "allow the function's role secretsmanager:GetSecretValue of this secret, and kms:Decrypt of its key",
  ResourceNotFound: "there is no secret of this name",
};

/**
 * The current value of a secret, by its name or its ARN; an ARN names its region
 * (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
 */
export async function readSecret(call: AwsCall, secret: string, deadline: number): Promise<string> {
  const region = /^arn:[^:]+:secretsmanager:([^:]+):/.exec(secret)?.[1];
  const request = { service: "secretsmanager", region, hints, deadline } as const;
  const value = await jsonAction(call, "secretsmanager.GetSecretValue", { SecretId: secret }, request);
  const { SecretString: text, SecretBinary: binary } = value;
  if (typeof text === "string") return text;
  if (typeof binary === "string") return Buffer.from(binary, "base64").toString("utf8");
  throw new AwsFailure("the secret has no value");
}

import type { AwsSettings } from "../settings.ts";
import { AwsFailure } from "./aws-failure.ts";

/** The credentials that sign requests to AWS. Temporary ones have a session token. */
export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

/**
 * The credentials of the function's own role. Lambda sets them in the environment for as long as the environment lives
 * (https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, "Defined runtime environment variables").
 */
export function ownCredentials({ accessKeyId, secretAccessKey, sessionToken }: AwsSettings): AwsCredentials {
  if (!accessKeyId || !secretAccessKey)
    throw new AwsFailure("there are no AWS credentials; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set");
  return { accessKeyId, secretAccessKey, sessionToken };
}

import type { AwsCredentials } from "../../../functions/aws/own-credentials.ts";
import { type AwsSettings, readSettings } from "../../../functions/settings.ts";
import { region } from "./moto.ts";

/** The settings of a function with these credentials, as in Lambda's environment. */
export const settingsOf = (credentials: AwsCredentials, more: NodeJS.ProcessEnv = {}): AwsSettings =>
  readSettings({
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    ...more,
  }).aws;

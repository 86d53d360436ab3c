import { isObject } from "../../lib/meta/json.ts";
import type { AwsCall } from "./aws-caller.ts";
import { AwsFailure } from "./aws-failure.ts";
import type { AwsCredentials } from "./own-credentials.ts";

/** The role to assume, and the name of the session. */
export interface RoleRequest {
  /** The role's ARN. */
  readonly role: string;
  /** The region whose STS is called. Absent: the function's own. */
  readonly region?: string | undefined;
  /** Absent: the name that `aws eks get-token` uses. It may be part of the username in the cluster. */
  readonly sessionName?: string | undefined;
  readonly externalId?: string | undefined;
}

/** Credentials, and when they end in milliseconds since the epoch. */
export interface RoleCredentials extends AwsCredentials {
  readonly expires: number;
}

const usualSessionName = "EKSGetTokenAuth";

const readCredentials = (members: Readonly<Record<string, unknown>>): RoleCredentials => {
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = members;
  const expires = typeof Expiration === "number" ? Expiration * 1000 : Date.parse(String(Expiration));
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || Number.isNaN(expires))
    throw new AwsFailure("AssumeRole answered without credentials");
  return {
    accessKeyId: String(AccessKeyId),
    secretAccessKey: String(SecretAccessKey),
    sessionToken: String(SessionToken),
    expires,
  };
};

/** STS answers in JSON where the request accepts that; a stand-in for STS may know only XML. */
const membersOf = (text: string): Readonly<Record<string, unknown>> => {
  if (!text.startsWith("{"))
    return Object.fromEntries([...text.matchAll(/<(\w+)>([^<]+)<\/\1>/g)].map(([, name, value]) => [name, value]));
  const { AssumeRoleResponse: response } = JSON.parse(text);
  const { Credentials: members } = response?.AssumeRoleResult ?? {};
  return isObject(members) ? members : {};
};

/**
 * Temporary credentials of a role that trusts the function's role, for one hour, the longest that role chaining allows
 * (https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html).
 */
export async function assumeRole(call: AwsCall, request: RoleRequest, deadline: number): Promise<RoleCredentials> {
  const { role, region, sessionName = usualSessionName, externalId } = request;
  const body = new URLSearchParams({
    Action: "AssumeRole",
    Version: "2011-06-15",
    RoleArn: role,
    RoleSessionName: sessionName,
    ...(externalId ? { ExternalId: externalId } : {}),
  });
  const headers = { accept: "application/json", "content-type": "application/x-www-form-urlencoded" };
  const hints = { AccessDenied: `allow the function's role sts:AssumeRole of ${role}, and let that role trust it` };
  return readCredentials(
    membersOf(await call({ service: "sts", region, headers, body: body.toString(), hints }, deadline)),
  );
}

import type { AwsSettings } from "../settings.ts";
import { assumeRole, type RoleCredentials } from "./assume-role.ts";
import type { AwsCall } from "./aws-caller.ts";
import { AwsFailure } from "./aws-failure.ts";
import type { EksTokenRequest } from "./eks-token-request.ts";
import { isRegion, regionalHost } from "./endpoint.ts";
import { type AwsCredentials, ownCredentials } from "./own-credentials.ts";
import { presignedUrl } from "./sign.ts";

/** Makes a bearer token for an EKS cluster; `fresh` where the last one was refused. Throws an `AwsFailure`. */
export type MintToken = (request: EksTokenRequest, fresh?: boolean) => Promise<string>;

const minutes = 60_000;

/** STS accepts the URL for 15 minutes, and ignores X-Amz-Expires; all clients use it for 14. */
const tokenLife = 14 * minutes;
/** The credentials of a role are replaced this long before they end. */
const roleMargin = 5 * minutes;
/** A token ends this long before the credentials that sign it: afterwards STS refuses it. */
const tokenMargin = minutes;
/** The time limit of AssumeRole. */
const patience = 5_000;

/**
 * The token: a presigned GetCallerIdentity, signed together with the cluster's name. The API server's authenticator sends it to STS and so
 * learns who made it. It accepts the regional hosts of its own partition and no other query parameters (`sigs.k8s.io/aws-iam-authenticator`
 * pkg/token/token.go, `GetWithSTS` and `Verify`), so `AWS_ENDPOINT_URL_STS` is not used here.
 */
export function eksToken(credentials: AwsCredentials, region: string, cluster: string, date: Date): string {
  const url = new URL(`https://${regionalHost("sts", region)}/?Action=GetCallerIdentity&Version=2011-06-15`);
  const signing = { credentials, region, service: "sts", date };
  const presigned = presignedUrl(url, { "x-k8s-aws-id": cluster }, 60, signing);
  return `k8s-aws-v1.${Buffer.from(presigned).toString("base64url")}`;
}

/** Keeps each value under its key until it ends. */
const kept = <T>(now: () => number) => {
  const values = new Map<string, { readonly value: T; readonly until: number }>();
  return async (
    key: string,
    fresh: boolean,
    make: () => Promise<{ readonly value: T; readonly until: number }>,
  ): Promise<T> => {
    const found = values.get(key);
    if (!fresh && found && now() < found.until) return found.value;
    const made = await make();
    values.set(key, made);
    return made.value;
  };
};

/**
 * Mints tokens for the function's own role, or for a role that it assumes, without running a command. Each token is kept for 14 minutes,
 * and each role's credentials until shortly before they end.
 *
 * @param now milliseconds since the epoch
 */
export function eksTokens(settings: AwsSettings, call: AwsCall, now: () => number = Date.now): MintToken {
  const roles = kept<RoleCredentials>(now);
  const tokens = kept<string>(now);

  const credentialsOf = async (
    { cluster: _, role, ...rest }: EksTokenRequest,
    fresh: boolean,
  ): Promise<AwsCredentials & { readonly expires: number }> => {
    if (role === undefined) return { ...ownCredentials(settings), expires: Number.POSITIVE_INFINITY };
    const request = { role, ...rest };
    return roles(JSON.stringify(request), fresh, async () => {
      const value = await assumeRole(call, request, Date.now() + patience);
      return { value, until: value.expires - roleMargin };
    });
  };

  return async (request, fresh = false) => {
    const region = request.region ?? settings.region ?? "";
    if (!isRegion(region)) throw new AwsFailure("the token needs a region; set AWS_REGION");
    return tokens(JSON.stringify(request), fresh, async () => {
      const { expires, ...credentials } = await credentialsOf(request, fresh);
      const value = eksToken(credentials, region, request.cluster, new Date(now()));
      return { value, until: Math.min(now() + tokenLife, expires - tokenMargin) };
    });
  };
}

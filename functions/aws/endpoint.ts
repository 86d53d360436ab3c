import type { AwsService, AwsSettings } from "../settings.ts";
import { AwsFailure } from "./aws-failure.ts";

/** Regions outside the `amazonaws.com` domain: botocore's `partitions.json`, `regionRegex` and `dnsSuffix`. */
const domains: readonly (readonly [prefix: string, domain: string])[] = [
  ["cn-", "amazonaws.com.cn"],
  ["eusc-", "amazonaws.eu"],
  ["us-iso-", "c2s.ic.gov"],
  ["us-isob-", "sc2s.sgov.gov"],
  ["eu-isoe-", "cloud.adc-e.uk"],
  ["us-isof-", "csp.hci.ic.gov"],
];

export function isRegion(text: string): boolean {
  return /^[a-z]{2,4}(-[a-z]+)+-\d{1,2}$/.test(text);
}

/** The regional host of a service, such as `sts.cn-north-1.amazonaws.com.cn`. */
export function regionalHost(service: AwsService, region: string): string {
  return `${service}.${region}.${domains.find(([prefix]) => region.startsWith(prefix))?.[1] ?? "amazonaws.com"}`;
}

/** The service's name in `AWS_ENDPOINT_URL_<SERVICE>`, which is not the one in host names. */
const variables: Readonly<Record<AwsService, string>> = { secretsmanager: "SECRETS_MANAGER", ssm: "SSM", sts: "STS" };

const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The URL of a service: `AWS_ENDPOINT_URL_<SERVICE>`, else `AWS_ENDPOINT_URL`, else its regional host
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html). Plain HTTP is allowed to this machine only, because requests
 * and replies carry credentials.
 */
export function endpointOf({ endpoints }: AwsSettings, service: AwsService, region: string): URL {
  const given = endpoints[service] ?? endpoints.all;
  if (given === undefined) return new URL(`https://${regionalHost(service, region)}/`);
  const variable = endpoints[service] ? `AWS_ENDPOINT_URL_${variables[service]}` : "AWS_ENDPOINT_URL";
  const fail = (why: string): never => {
    throw new AwsFailure(`${variable} ${why}`);
  };
  const url = URL.parse(given) ?? fail("is not a URL");
  if (url.protocol !== "https:" && url.protocol !== "http:") fail("must start with https://");
  if (url.protocol === "http:" && !loopback.test(url.hostname))
    fail("must start with https:// unless it is a loopback");
  if (url.username || url.password || url.search || url.hash) fail("may hold a host, a port and a path only");
  return url;
}

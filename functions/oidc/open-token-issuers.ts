import { errors, type JWTPayload, jwtVerify } from "jose";
import { authenticatedGroups } from "../../lib/identity/implied-groups.ts";
import { brief } from "../../lib/meta/brief.ts";
import { isObject, isProblem } from "../../lib/meta/json.ts";
import { printable } from "../../lib/meta/printable.ts";
import { type ConcludeOptions, reservedNameOf } from "../../lib/proxy/index.ts";
import type { Identity } from "../cluster/identify.ts";
import { within } from "../net/within.ts";
import { readDocument } from "../yaml/documents.ts";
import { IssuerFailure, type IssuerKeys, issuerKeys } from "./issuer-keys.ts";
import { type JwtAuthenticator, readAuthenticationConfiguration } from "./read-authentication-configuration.ts";
import { userOfClaims } from "./user-of-claims.ts";

/** The issuers of OIDC tokens that a proxy trusts. */
export interface TokenIssuers {
  /**
   * Whose a token of one of them is; undefined for all other tokens. Never rejects.
   *
   * @param deadline milliseconds since the epoch
   */
  readonly identify: (token: string, deadline: number) => Promise<Identity | undefined>;
  /** Ends the connections to them. */
  readonly close: () => void;
}

/** Those of one text. */
export interface OpenedIssuers extends TokenIssuers {
  /** Resolves when no keys are being fetched, which may go on beside a decision and after it. */
  readonly settled: () => Promise<void>;
}

export interface TokenIssuersOptions extends Pick<ConcludeOptions, "uid"> {
  /** Exact names that begin with `system:` and that tokens may hold. */
  readonly reservedNames?: ReadonlySet<string>;
}

/** As `AllValidSigningAlgorithms` of the API server. */
const algorithms = [256, 384, 512].flatMap((bits) => ["RS", "ES", "PS"].map((family) => `${family}${bits}`));
/** A header over HTTP/2 takes no more. */
const longestToken = 65_536;
/** How many seconds a token may be early, as in the API server. It may not be late. */
const earliness = 60;

const google = "https://accounts.google.com";

/**
 * Reads the text of an `AuthenticationConfiguration` file, YAML or JSON, and opens its issuers. Nothing is fetched before the first token.
 * Throws an Error that names the place in the file and the fix, and quotes no value.
 *
 * @example openTokenIssuers(text, { uid: "passthrough" }).identify(token, Date.now() + 10_000);
 */
export function openTokenIssuers(text: string, options: TokenIssuersOptions): OpenedIssuers {
  const authenticators = readAuthenticationConfiguration(readDocument(text, { unique: true }));
  const withUid = authenticators.findIndex(({ mappings }) => mappings.uid !== undefined);
  if (withUid >= 0 && options.uid !== "impersonate")
    throw new Error(
      `jwt[${withUid}].claimMappings.uid.claim gives users a uid, which needs --uid impersonate, an option of the server alone, and an actor that may impersonate uids; remove it, or start a server with --uid impersonate`,
    );
  const issuers = new Map(authenticators.map((each) => [each.url, openIssuer(each, options)]));
  return {
    identify: async (token, deadline) => {
      const issuer = issuers.get(issuerNamedIn(token));
      if (issuer === undefined) return undefined;
      let identity: Identity = { code: 504, failure: "the keys of the token's issuer did not come in time" };
      const found = issuer.identify(token).then((own) => {
        identity = own;
      });
      await within(deadline - Date.now(), found);
      return identity;
    },
    settled: async () => {
      await Promise.all([...issuers.values()].map(({ settled }) => settled()));
    },
    close: () => {
      for (const { close } of issuers.values()) close();
    },
  };
}

/**
 * What a token says of its issuer, which is not proven yet; "" where it says nothing. Read leniently, so that a token that is not quite one
 * of ours is refused here and goes nowhere else. Google leaves the scheme out at times.
 */
const issuerNamedIn = (token: string): string => {
  try {
    const [, payload = ""] = token.split(".", 2);
    const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
    const issuer = isObject(claims) && typeof claims["iss"] === "string" ? claims["iss"] : "";
    return issuer === "accounts.google.com" ? google : issuer;
  } catch {
    return "";
  }
};

const openIssuer = (authenticator: JwtAuthenticator, { reservedNames = new Set() }: TokenIssuersOptions) => {
  const { url, audiences, mappings } = authenticator;
  const keys = issuerKeys(authenticator);
  const refused = (why: string): Identity => ({
    refused: true,
    isCertain: true,
    reason: `the token of the issuer ${url} ${why}`,
  });
  const issuer = url === google ? [google, "accounts.google.com"] : [url];

  const identify = async (token: string): Promise<Identity> => {
    if (token.length > longestToken) return refused(`is longer than ${longestToken} characters`);
    const time = Date.now();
    const claims = await verify(token, keys, {
      ...{ algorithms, issuer, audience: [...audiences], clockTolerance: earliness, currentDate: new Date(time) },
      requiredClaims: ["exp"],
    });
    const { exp = 0 } = claims;
    if (!(Math.trunc(exp) * 1000 >= time) || !Number.isSafeInteger(Math.trunc(exp))) return refused("is expired");
    const user = userOfClaims(claims, mappings);
    if (isProblem(user)) return refused(user.problem);
    const reserved = reservedNameOf(user, reservedNames);
    if (reserved !== undefined)
      return refused(
        `brings the reserved name ${JSON.stringify(printable(brief(reserved)))}; --reserved-name allows exact names, PROXY_RESERVED_NAMES in a function`,
      );
    return { user: { ...user, groups: authenticatedGroups(user) } };
  };

  return {
    identify: (token: string): Promise<Identity> =>
      identify(token).catch((error: unknown): Identity => {
        if (error instanceof IssuerFailure) return { code: 503, failure: error.message };
        const why = error instanceof errors.JOSEError ? refusals[error.code]?.(error) : undefined;
        return why === undefined ? { code: 503, failure: `a key of the issuer ${url} cannot be used` } : refused(why);
      }),
    settled: keys.settled,
    close: keys.close,
  };
};

type VerifyOptions = NonNullable<Parameters<typeof jwtVerify>[2]>;

/** The claims of a token. Keys are fetched again where none of the known ones made its signature. */
const verify = async (token: string, keys: IssuerKeys, options: VerifyOptions): Promise<JWTPayload> => {
  try {
    return await verifyOnce(token, keys, options);
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed && (await keys.renew()))
      return verifyOnce(token, keys, options);
    throw error;
  }
};

/** A token that names no key may be signed with any of them. */
const verifyOnce = async (token: string, { find }: IssuerKeys, options: VerifyOptions): Promise<JWTPayload> => {
  try {
    return (await jwtVerify(token, find, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error)
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    throw new errors.JWSSignatureVerificationFailed();
  }
};

const malformed = (): string => "is malformed";

/** By the codes of jose's errors. All others are about the issuer's keys. */
const refusals: Readonly<Record<string, (error: errors.JOSEError) => string>> = {
  ERR_JWT_EXPIRED: () => "is expired",
  ERR_JWT_CLAIM_VALIDATION_FAILED: (error) => wrongClaim(error as errors.JWTClaimValidationFailed),
  ERR_JOSE_ALG_NOT_ALLOWED: () => `is not signed with ${algorithms.join(", ")}`,
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: () => "has a signature that none of the issuer's keys made",
  ERR_JWKS_NO_MATCHING_KEY: () => "is signed with a key that the issuer does not list",
  ERR_JOSE_NOT_SUPPORTED: malformed,
  ERR_JWS_INVALID: malformed,
  ERR_JWT_INVALID: malformed,
};

const wrongClaim = ({ claim, reason }: errors.JWTClaimValidationFailed): string => {
  if (reason === "missing") return `has no claim ${JSON.stringify(claim)}`;
  if (reason === "invalid") return `has a claim ${JSON.stringify(claim)} that is not a number`;
  if (claim === "aud") return "is for another audience";
  return claim === "nbf" ? "is not valid yet" : `has a wrong claim ${JSON.stringify(claim)}`;
};

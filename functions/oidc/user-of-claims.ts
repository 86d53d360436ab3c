import type { UserInfo } from "../../lib/identity/index.ts";
import { isObject, isProblem, type JsonObject, member, type Problem } from "../../lib/meta/json.ts";

/** A claim whose text becomes a name behind a prefix. */
export interface PrefixedClaim {
  readonly claim: string;
  readonly prefix: string;
}

/** What the claims of a token mean. */
export interface ClaimMappings {
  readonly username: PrefixedClaim;
  readonly groups: PrefixedClaim | undefined;
  readonly uid: string | undefined;
  /** Claims that must be there, and must have these values. */
  readonly required: readonly { readonly claim: string; readonly value: string }[];
}

/**
 * The user that the claims of a token describe, as the API server reads them (`k8s.io/apiserver`
 * plugin/pkg/authenticator/token/oidc). A problem is what is wrong with the token, as the end of a sentence about it; it quotes no value.
 *
 * @example
 * const mappings = { username: { claim: "sub", prefix: "oidc:" }, groups: undefined, uid: undefined, required: [] };
 * userOfClaims({ sub: "1" }, mappings) // { username: "oidc:1", groups: [], extra: {} }
 */
export function userOfClaims(
  claims: JsonObject,
  { username: nameClaim, groups: groupsClaim, uid: uidClaim, required }: ClaimMappings,
): UserInfo | Problem {
  const name = textOf(claims, nameClaim.claim);
  if (isProblem(name)) return name;
  // The API server takes an empty name, which all such tokens would share.
  if (name === "") return { problem: `has an empty claim ${JSON.stringify(nameClaim.claim)}` };
  if (nameClaim.claim === "email" && ![undefined, true].includes(member(claims, "email_verified") as undefined | true))
    return { problem: "has an email that is not verified (email_verified)" };
  const groups = groupsClaim === undefined ? [] : groupsOf(claims, groupsClaim);
  if (isProblem(groups)) return groups;
  const uid = uidClaim === undefined ? "" : textOf(claims, uidClaim);
  if (isProblem(uid)) return uid;
  for (const { claim, value } of required) {
    const text = textOf(claims, claim);
    if (isProblem(text)) return text;
    if (text !== value) return { problem: `has another claim ${JSON.stringify(claim)} than is required` };
  }
  const id = member(claims, "jti");
  return {
    username: nameClaim.prefix + name,
    ...(uid !== "" && { uid }),
    groups,
    extra: typeof id === "string" && id !== "" ? { "authentication.kubernetes.io/credential-id": [`JTI=${id}`] } : {},
  };
}

/** As in Go, null is the empty text. */
const textOf = (claims: JsonObject, claim: string): string | Problem => {
  const value = member(claims, claim);
  if (value === undefined) return { problem: `has no claim ${JSON.stringify(claim)}` };
  if (value === null) return "";
  return typeof value === "string" ? value : { problem: `has a claim ${JSON.stringify(claim)} that is not a string` };
};

/** A list, or the one group of a string. */
const groupsOf = (claims: JsonObject, { claim, prefix }: PrefixedClaim): readonly string[] | Problem => {
  const value = member(claims, claim);
  if (value === undefined) {
    const names = member(claims, "_claim_names");
    const isElsewhere = names !== undefined && (!isObject(names) || Object.hasOwn(names, claim));
    return isElsewhere
      ? { problem: `has its claim ${JSON.stringify(claim)} elsewhere (_claim_names), which this proxy does not fetch` }
      : [];
  }
  const groups = value === null ? [] : typeof value === "string" ? [value] : value;
  if (!Array.isArray(groups) || !groups.every((group) => group === null || typeof group === "string"))
    return { problem: `has a claim ${JSON.stringify(claim)} that is not a string or a list of strings` };
  return groups.map((group: string | null) => prefix + (group ?? ""));
};

import { brief } from "../../lib/meta/brief.ts";
import { isObject, member } from "../../lib/meta/json.ts";
import { printable } from "../../lib/meta/printable.ts";
import { readCaBundle } from "../cluster/ca-bundle.ts";
import type { ClaimMappings } from "./user-of-claims.ts";

/** One issuer of tokens, and what its claims mean: an item of `jwt`. */
export interface JwtAuthenticator {
  /** As it stands in `iss`. */
  readonly url: string;
  /** Where its discovery document is. */
  readonly discoveryUrl: string;
  /** PEM; undefined where the usual CAs vouch for it. */
  readonly certificateAuthority: string | undefined;
  /** A token must be for one of them. */
  readonly audiences: readonly string[];
  readonly mappings: ClaimMappings;
}

/** A value of the file, and its place there. */
interface Field {
  readonly at: string;
  readonly value: unknown;
}

const kind = "AuthenticationConfiguration";
const versions = ["apiserver.config.k8s.io/v1", "apiserver.config.k8s.io/v1beta1"];
const mostIssuers = 64;

/**
 * Reads `AuthenticationConfiguration` with the checks of kube-apiserver (`k8s.io/apiserver` pkg/apis/apiserver/validation). What this proxy
 * does not do is refused and never passed over. Throws an Error that names the place and the fix, and quotes no value.
 */
export function readAuthenticationConfiguration(document: unknown): readonly JwtAuthenticator[] {
  const root = { at: "", value: document };
  if (!isObject(document)) throw new Error(`must hold an ${kind}`);
  const known = membersOf(root, ["apiVersion", "kind", "jwt", "anonymous"]);
  if (textIn(known("kind")) !== kind) fail(known("kind"), `must be ${kind}`);
  if (!versions.includes(textIn(known("apiVersion")))) fail(known("apiVersion"), `must be ${versions.join(" or ")}`);
  if (known("anonymous").value != null)
    fail(known("anonymous"), "is for the API server, which decides about requests without a credential; remove it");
  const items = itemsIn(known("jwt"));
  if (items.length > mostIssuers) fail(known("jwt"), `must have ${mostIssuers} items at most`);
  const authenticators = items.map(authenticatorIn);
  requireUnique(items, (item) => memberOf(memberOf(item, "issuer"), "url"));
  requireUnique(items, (item) => memberOf(memberOf(item, "issuer"), "discoveryURL"));
  return authenticators;
}

const fail = ({ at }: Field, why: string): never => {
  throw new Error(`${at} ${why}`);
};

const memberOf = ({ at, value }: Field, name: string): Field => ({
  at: at === "" ? name : `${at}.${name}`,
  value: isObject(value) ? member(value, name) : undefined,
});

/** The members of an object that may be absent. As in Go, null is the same as absent. */
const membersOf = (field: Field, known: readonly string[]): ((name: string) => Field) => {
  const { value } = field;
  if (value != null && !isObject(value)) fail(field, "must be an object");
  const other = Object.keys(value ?? {}).find((name) => !known.includes(name));
  if (other !== undefined)
    fail(
      memberOf(field, printable(brief(other, 64))),
      `is not a field of ${kind}; the known ones here are ${known.join(", ")}`,
    );
  return (name) => memberOf(field, name);
};

/** A string that may be absent. */
const textIn = (field: Field): string => {
  const { value } = field;
  if (value == null) return "";
  return typeof value === "string" ? value : fail(field, "must be a string");
};

const itemsIn = (field: Field): readonly Field[] => {
  const { at, value } = field;
  if (value == null) return [];
  if (!Array.isArray(value)) return fail(field, "must be a list");
  return value.map((item, index) => ({ at: `${at}[${index}]`, value: item }));
};

/** Refuses the second of two items that have the same text at one place. */
const requireUnique = <T>(items: readonly T[], fieldOf: (item: T) => Field): void => {
  const seen = new Map<string, string>();
  for (const item of items) {
    const field = fieldOf(item);
    const text = textIn(field);
    const first = seen.get(text);
    if (text !== "" && first !== undefined) fail(field, `is the same as ${first}; each one must be there once`);
    seen.set(text, field.at);
  }
};

const refuseExpression = (field: Field, instead: string): void => {
  if (textIn(field) !== "") fail(field, `is CEL, which this proxy does not evaluate; ${instead}`);
};

const authenticatorIn = (field: Field): JwtAuthenticator => {
  const known = membersOf(field, ["issuer", "claimValidationRules", "claimMappings", "userValidationRules"]);
  const [rule] = itemsIn(known("userValidationRules"));
  if (rule)
    fail(rule, "is CEL, which this proxy does not evaluate; remove it (names that begin with system: are refused)");
  return { ...issuerIn(known("issuer")), mappings: mappingsIn(known("claimMappings"), known("claimValidationRules")) };
};

const issuerIn = (field: Field): Omit<JwtAuthenticator, "mappings"> => {
  const known = membersOf(field, [
    ...["url", "discoveryURL", "certificateAuthority", "audiences", "audienceMatchPolicy", "egressSelectorType"],
  ]);
  if (textIn(known("egressSelectorType")) !== "")
    fail(known("egressSelectorType"), "is for the API server's own connections; remove it");
  const url = textIn(known("url"));
  requireHttps(known("url"));
  const discoveryUrl = textIn(known("discoveryURL"));
  if (discoveryUrl !== "") {
    if (withoutSlashes(discoveryUrl) === withoutSlashes(url))
      fail(known("discoveryURL"), "must differ from url; it is the whole URL of the discovery document");
    requireHttps(known("discoveryURL"));
  }
  return {
    url,
    discoveryUrl: discoveryUrl || `${url.replace(/\/$/, "")}/.well-known/openid-configuration`,
    certificateAuthority: authorityIn(known("certificateAuthority")),
    audiences: audiencesIn(known("audiences"), known("audienceMatchPolicy")),
  };
};

const withoutSlashes = (url: string): string => url.replace(/\/+$/, "");

const requireHttps = (field: Field): void => {
  const text = textIn(field);
  if (text === "") fail(field, "is missing; it is the URL of the issuer, as it stands in the tokens' iss");
  if (!/^https:\/\//i.test(text)) fail(field, "must begin with https://");
  if (/^[^/]*\/\/[^/?#]*@/.test(text)) fail(field, "must not contain a username or a password");
  if (/\?/.test(text)) fail(field, "must not contain a query");
  if (/#/.test(text)) fail(field, "must not contain a fragment");
  if (/[\s\\]|^[^/]*\/\/(\/|:|$)/.test(text) || !URL.canParse(text)) fail(field, "is not a URL");
};

const authorityIn = (field: Field): string | undefined => {
  const pem = textIn(field);
  if (pem === "") return undefined;
  const { certificates, ignored } = readCaBundle(pem);
  const [why] = ignored;
  if (why !== undefined) fail(field, `cannot be used: ${why}`);
  if (certificates.length === 0) fail(field, "holds no certificate; it must be PEM, not the name of a file");
  return pem;
};

const audiencesIn = (field: Field, policyField: Field): readonly string[] => {
  const items = itemsIn(field);
  const policy = textIn(policyField);
  if (items.length === 0) fail(field, "is missing; list the client ids that tokens are issued for");
  for (const item of items) if (textIn(item) === "") fail(item, "must not be empty");
  requireUnique(items, (item) => item);
  if (items.length > 1 && policy !== "MatchAny")
    fail(policyField, "must be MatchAny where there are several audiences");
  if (policy !== "" && policy !== "MatchAny") fail(policyField, "must be MatchAny, or absent");
  return items.map(textIn);
};

const mappingsIn = (field: Field, rulesField: Field): ClaimMappings => {
  const known = membersOf(field, ["username", "groups", "uid", "extra"]);
  const [extra] = itemsIn(known("extra"));
  if (extra) fail(extra, "needs CEL (valueExpression), which this proxy does not evaluate; remove it");
  const username = prefixedIn(known("username"));
  if (username === undefined)
    return fail(
      memberOf(known("username"), "claim"),
      "is missing; name the claim that holds the username, such as sub",
    );
  const uid = membersOf(known("uid"), ["claim", "expression"]);
  refuseExpression(uid("expression"), "use claim");
  return {
    username,
    groups: prefixedIn(known("groups")),
    uid: textIn(uid("claim")) || undefined,
    required: requiredIn(rulesField),
  };
};

const prefixedIn = (field: Field): ClaimMappings["groups"] => {
  const known = membersOf(field, ["claim", "prefix", "expression"]);
  refuseExpression(known("expression"), "use claim and prefix");
  const claim = textIn(known("claim"));
  const prefix = textIn(known("prefix"));
  if (claim === "") return undefined;
  if (known("prefix").value == null) fail(known("prefix"), 'is missing; "" adds no prefix');
  return { claim, prefix };
};

const requiredIn = (field: Field): ClaimMappings["required"] => {
  const rules = itemsIn(field);
  const required = rules.map((rule) => {
    const known = membersOf(rule, ["claim", "requiredValue", "expression", "message"]);
    refuseExpression(known("expression"), "use claim and requiredValue");
    if (textIn(known("claim")) === "") fail(known("claim"), "is missing");
    if (textIn(known("message")) !== "") fail(known("message"), "goes with an expression only; remove it");
    return { claim: textIn(known("claim")), value: textIn(known("requiredValue")) };
  });
  requireUnique(rules, (rule) => memberOf(rule, "claim"));
  return required;
};

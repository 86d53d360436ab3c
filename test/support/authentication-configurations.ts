import { throwAwayCertificates } from "../../infra/local/certificates.ts";

export const { ca } = await throwAwayCertificates({ hosts: ["localhost"] });
export const url = "https://issuer.example.com";
const issuer = { url, audiences: ["a"] };
const claimMappings = { username: { claim: "sub", prefix: "" } };
export const item = { issuer, claimMappings };
export const document = { apiVersion: "apiserver.config.k8s.io/v1", kind: "AuthenticationConfiguration", jwt: [item] };
export const withIssuer = (members: object) => ({ ...document, jwt: [{ ...item, issuer: { ...issuer, ...members } }] });
const withMappings = (members: object) => ({
  ...document,
  jwt: [{ ...item, claimMappings: { ...claimMappings, ...members } }],
});
const withRules = (...claimValidationRules: unknown[]) => ({ ...document, jwt: [{ ...item, claimValidationRules }] });
export const others = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ ...item, issuer: { ...issuer, url: `${url}/${at}` } }));

const cel = "is CEL, which this proxy does not evaluate";
const known = "is not a field of AuthenticationConfiguration; the known ones here are";

/** A configuration that is refused, and the sentence. */
export type RefusedConfiguration = readonly [what: string, document: unknown, sentence: string];

/** The API server refuses these too. */
export const refusedConfigurations: readonly RefusedConfiguration[] = [
  ["no object", undefined, "must hold an AuthenticationConfiguration"],
  ["a list", [], "must hold an AuthenticationConfiguration"],
  ["another kind", { ...document, kind: "Config" }, "kind must be AuthenticationConfiguration"],
  ["an unknown field at the top", { ...document, JWT: [] }, `JWT ${known} apiVersion, kind, jwt, anonymous`],
  ["no list", { ...document, jwt: item }, "jwt must be a list"],
  ["65 issuers", { ...document, jwt: others(65) }, "jwt must have 64 items at most"],
  ["an item that is a text", { ...document, jwt: ["a"] }, "jwt[0] must be an object"],
  [
    "an unknown field of an item",
    { ...document, jwt: [{ ...item, claimMapping: {} }] },
    `jwt[0].claimMapping ${known} issuer, claimValidationRules, claimMappings, userValidationRules`,
  ],
  [
    "a field of another case",
    withIssuer({ discoveryUrl: "a" }),
    `jwt[0].issuer.discoveryUrl ${known} url, discoveryURL, certificateAuthority, audiences, audienceMatchPolicy, egressSelectorType`,
  ],
  [
    "a name that a terminal interprets",
    withIssuer({ "\u001b[2J": "a" }),
    `jwt[0].issuer.\\u001b[2J ${known} url, discoveryURL, certificateAuthority, audiences, audienceMatchPolicy, egressSelectorType`,
  ],
  [
    "no issuer",
    { ...document, jwt: [{ claimMappings }] },
    "jwt[0].issuer.url is missing; it is the URL of the issuer, as it stands in the tokens' iss",
  ],
  ["a URL that is a number", withIssuer({ url: 1 }), "jwt[0].issuer.url must be a string"],
  ["plain HTTP", withIssuer({ url: "http://issuer.example.com" }), "jwt[0].issuer.url must begin with https://"],
  [
    "a password in the URL",
    withIssuer({ url: "https://alice:s3cret@issuer.example.com" }),
    "jwt[0].issuer.url must not contain a username or a password",
  ],
  [
    "an empty username in the URL",
    withIssuer({ url: "https://@issuer.example.com" }),
    "jwt[0].issuer.url must not contain a username or a password",
  ],
  ["a query", withIssuer({ url: `${url}/?a=s3cret` }), "jwt[0].issuer.url must not contain a query"],
  ["a fragment", withIssuer({ url: `${url}/#a` }), "jwt[0].issuer.url must not contain a fragment"],
  ["a bad port", withIssuer({ url: `${url}:x` }), "jwt[0].issuer.url is not a URL"],
  [
    "the same discovery URL",
    withIssuer({ discoveryURL: `${url}//` }),
    "jwt[0].issuer.discoveryURL must differ from url; it is the whole URL of the discovery document",
  ],
  [
    "a discovery URL over plain HTTP",
    withIssuer({ discoveryURL: "http://a" }),
    "jwt[0].issuer.discoveryURL must begin with https://",
  ],
  [
    "one issuer twice",
    { ...document, jwt: [item, item] },
    "jwt[1].issuer.url is the same as jwt[0].issuer.url; each one must be there once",
  ],
  [
    "one discovery URL twice",
    {
      ...document,
      jwt: others(2).map((each) => ({ ...each, issuer: { ...each.issuer, discoveryURL: "https://a" } })),
    },
    "jwt[1].issuer.discoveryURL is the same as jwt[0].issuer.discoveryURL; each one must be there once",
  ],
  [
    "no audience",
    withIssuer({ audiences: [] }),
    "jwt[0].issuer.audiences is missing; list the client ids that tokens are issued for",
  ],
  ["an audience that is not a list", withIssuer({ audiences: "a" }), "jwt[0].issuer.audiences must be a list"],
  ["an empty audience", withIssuer({ audiences: [""] }), "jwt[0].issuer.audiences[0] must not be empty"],
  [
    "an audience twice",
    withIssuer({ audiences: ["a", "a"], audienceMatchPolicy: "MatchAny" }),
    "jwt[0].issuer.audiences[1] is the same as jwt[0].issuer.audiences[0]; each one must be there once",
  ],
  [
    "two audiences without a policy",
    withIssuer({ audiences: ["a", "b"] }),
    "jwt[0].issuer.audienceMatchPolicy must be MatchAny where there are several audiences",
  ],
  [
    "an unknown policy",
    withIssuer({ audienceMatchPolicy: "MatchAll" }),
    "jwt[0].issuer.audienceMatchPolicy must be MatchAny, or absent",
  ],
  [
    "the name of a file as CA",
    withIssuer({ certificateAuthority: "/etc/ca.pem" }),
    "jwt[0].issuer.certificateAuthority holds no certificate; it must be PEM, not the name of a file",
  ],
  [
    "half a certificate",
    withIssuer({ certificateAuthority: ca.slice(0, 200) }),
    'jwt[0].issuer.certificateAuthority cannot be used: "BEGIN CERTIFICATE" has no line that ends it',
  ],
  [
    "no username",
    withMappings({ username: null }),
    "jwt[0].claimMappings.username.claim is missing; name the claim that holds the username, such as sub",
  ],
  [
    "no prefix of the username",
    withMappings({ username: { claim: "sub" } }),
    'jwt[0].claimMappings.username.prefix is missing; "" adds no prefix',
  ],
  [
    "a prefix that is null",
    withMappings({ username: { claim: "sub", prefix: null } }),
    'jwt[0].claimMappings.username.prefix is missing; "" adds no prefix',
  ],
  [
    "no prefix of groups",
    withMappings({ groups: { claim: "groups" } }),
    'jwt[0].claimMappings.groups.prefix is missing; "" adds no prefix',
  ],
  [
    "a claim path that is a list",
    withMappings({ username: { claim: ["a"], prefix: "" } }),
    "jwt[0].claimMappings.username.claim must be a string",
  ],
  ["an empty rule", withRules({}), "jwt[0].claimValidationRules[0].claim is missing"],
  [
    "a rule with a message",
    withRules({ claim: "hd", requiredValue: "a", message: "no" }),
    "jwt[0].claimValidationRules[0].message goes with an expression only; remove it",
  ],
  [
    "a required value that is true",
    withRules({ claim: "email_verified", requiredValue: true }),
    "jwt[0].claimValidationRules[0].requiredValue must be a string",
  ],
  [
    "a claim twice",
    withRules({ claim: "hd", requiredValue: "a" }, { claim: "hd", requiredValue: "b" }),
    "jwt[0].claimValidationRules[1].claim is the same as jwt[0].claimValidationRules[0].claim; each one must be there once",
  ],
];

/** The API server can do what these say. */
export const refusedHereOnly: readonly RefusedConfiguration[] = [
  [
    "another version",
    { ...document, apiVersion: "apiserver.config.k8s.io/v1alpha1" },
    "apiVersion must be apiserver.config.k8s.io/v1 or apiserver.config.k8s.io/v1beta1",
  ],
  [
    "anonymous",
    { ...document, anonymous: { enabled: false } },
    "anonymous is for the API server, which decides about requests without a credential; remove it",
  ],
  [
    "a rule about users",
    { ...document, jwt: [{ ...item, userValidationRules: [{ expression: "true" }] }] },
    `jwt[0].userValidationRules[0] ${cel}; remove it (names that begin with system: are refused)`,
  ],
  [
    "an egress selector",
    withIssuer({ egressSelectorType: "cluster" }),
    "jwt[0].issuer.egressSelectorType is for the API server's own connections; remove it",
  ],
  ["no host", withIssuer({ url: "https:///a" }), "jwt[0].issuer.url is not a URL"],
  ["a space", withIssuer({ url: `${url}/a b` }), "jwt[0].issuer.url is not a URL"],
  [
    "an expression for the username",
    withMappings({ username: { expression: "claims.sub" } }),
    `jwt[0].claimMappings.username.expression ${cel}; use claim and prefix`,
  ],
  [
    "an expression for groups",
    withMappings({ groups: { expression: "[]" } }),
    `jwt[0].claimMappings.groups.expression ${cel}; use claim and prefix`,
  ],
  [
    "an expression for the uid",
    withMappings({ uid: { expression: "claims.sub" } }),
    `jwt[0].claimMappings.uid.expression ${cel}; use claim`,
  ],
  [
    "extra",
    withMappings({ extra: [{ key: "example.com/a", valueExpression: "''" }] }),
    "jwt[0].claimMappings.extra[0] needs CEL (valueExpression), which this proxy does not evaluate; remove it",
  ],
  [
    "an expression as a rule",
    withRules({ expression: "claims.hd == 'a'", message: "no" }),
    `jwt[0].claimValidationRules[0].expression ${cel}; use claim and requiredValue`,
  ],
];

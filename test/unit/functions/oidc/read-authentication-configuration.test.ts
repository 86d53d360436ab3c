import { expect, test } from "vitest";
import { readAuthenticationConfiguration } from "../../../../functions/oidc/read-authentication-configuration.ts";
import {
  ca,
  document,
  item,
  others,
  type RefusedConfiguration,
  refusedConfigurations,
  refusedHereOnly,
  url,
  withIssuer,
} from "../../../support/authentication-configurations.ts";

test("a configuration with all that is read", () => {
  const [full, plain] = readAuthenticationConfiguration({
    ...document,
    jwt: [
      {
        issuer: {
          url: `${url}/`,
          discoveryURL: "https://inside.example.com/discovery",
          certificateAuthority: ca,
          audiences: ["a", "b"],
          audienceMatchPolicy: "MatchAny",
          egressSelectorType: "",
        },
        claimValidationRules: [{ claim: "hd", requiredValue: "example.com" }, { claim: "empty" }],
        claimMappings: {
          username: { claim: "email", prefix: "oidc:", expression: "" },
          groups: { claim: "roles", prefix: "" },
          uid: { claim: "oid", expression: null },
          extra: [],
        },
        userValidationRules: [],
      },
      item,
    ],
  });
  expect(full).toEqual({
    url: `${url}/`,
    discoveryUrl: "https://inside.example.com/discovery",
    certificateAuthority: ca,
    audiences: ["a", "b"],
    mappings: {
      username: { claim: "email", prefix: "oidc:" },
      groups: { claim: "roles", prefix: "" },
      uid: "oid",
      required: [
        { claim: "hd", value: "example.com" },
        { claim: "empty", value: "" },
      ],
    },
  });
  expect(plain).toEqual({
    url,
    discoveryUrl: `${url}/.well-known/openid-configuration`,
    certificateAuthority: undefined,
    audiences: ["a"],
    mappings: { username: { claim: "sub", prefix: "" }, groups: undefined, uid: undefined, required: [] },
  });
});

test.each<readonly [string, object, string]>([
  ["v1beta1", { ...document, apiVersion: "apiserver.config.k8s.io/v1beta1" }, url],
  ["a path with a slash", withIssuer({ url: `${url}/tenant/` }), `${url}/tenant`],
  ["a port and a literal address", withIssuer({ url: "https://[::1]:8443" }), "https://[::1]:8443"],
])("%s: discovery", (_what, given, base) => {
  expect(readAuthenticationConfiguration(given)[0]?.discoveryUrl).toBe(`${base}/.well-known/openid-configuration`);
});

test("no issuers are allowed, and 64 at most", () => {
  expect(readAuthenticationConfiguration({ ...document, jwt: null })).toEqual([]);
  expect(readAuthenticationConfiguration({ ...document, jwt: others(64) })).toHaveLength(64);
});

test.each<RefusedConfiguration>([...refusedConfigurations, ...refusedHereOnly])(
  "refused: %s",
  (_what, given, sentence) => {
    expect(() => readAuthenticationConfiguration(given)).toThrow(new Error(sentence));
    expect(sentence).not.toContain("s3cret");
  },
);

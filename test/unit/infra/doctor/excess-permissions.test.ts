import { expect, test } from "vitest";
import { excessPermissions } from "../../../../infra/doctor/excess-permissions.ts";

const resource = (verbs: string, group: string, resources: string, resourceNames: readonly string[] = []) => ({
  resourceRules: [{ verbs: verbs.split(","), apiGroups: [group], resources: resources.split(","), resourceNames }],
});
const url = (verbs: string, ...nonResourceURLs: readonly string[]) => ({
  nonResourceRules: [{ verbs: verbs.split(","), nonResourceURLs }],
});
const shown = (status: object) =>
  excessPermissions(status as never).map(({ text, severe }) => (severe ? `${text}!` : text));

test.for([
  // The permissions of every authenticated user.
  [resource("create", "authorization.k8s.io", "selfsubjectaccessreviews,selfsubjectrulesreviews"), []],
  [resource("create", "authentication.k8s.io", "selfsubjectreviews"), []],
  [
    url(
      "get",
      "/api",
      "/api/*",
      "/apis",
      "/apis/*",
      "/healthz",
      "/livez",
      "/openapi/*",
      "/readyz",
      "/version",
      "/version/",
    ),
    [],
  ],
  [url("get", "/.well-known/openid-configuration", "/openid/v1/jwks"), []],
  // The permission that the identity needs.
  [resource("create", "authorization.k8s.io", "subjectaccessreviews"), []],
  // Excess permissions.
  [
    resource("create", "authorization.k8s.io", "localsubjectaccessreviews"),
    ["create localsubjectaccessreviews.authorization.k8s.io!"],
  ],
  [resource("*", "authorization.k8s.io", "subjectaccessreviews"), ["* subjectaccessreviews.authorization.k8s.io!"]],
  [resource("impersonate", "", "users", ["root"]), ["impersonate users/root!"]],
  [resource("get,list", "", "pods"), ["get pods", "list pods"]],
  [resource("get", "", "secrets", ["a", "b"]), ["get secrets/a!", "get secrets/b!"]],
  [resource("get", "", "*"), ["get *!"]],
  [resource("get", "apps", "*"), ["get *.apps"]],
  [resource("create", "", "serviceaccounts/token"), ["create serviceaccounts/token!"]],
  [url("get", "/metrics"), ["get /metrics"]],
  [url("get", "*"), ["get *"]],
  [url("*", "/logs"), ["* /logs!"]],
  [{}, []],
  [{ resourceRules: null, nonResourceRules: [{ verbs: null, nonResourceURLs: ["/x"] }] }, []],
] as const)("%j", ([status, expected]) => {
  expect(shown(status)).toEqual(expected);
});

import { describe, expect, test } from "vitest";
import { serviceAccountUsername } from "../../../../lib/identity/index.ts";
import { proxyAccounts } from "../../../../lib/manifests/index.ts";
import type { Question } from "../../../../lib/question/question.ts";
import { authorize, readWorld } from "../../../../lib/rbac/index.ts";

test("each account has a role of its own, and the asking one the ConfigMap of the cluster's CAs", () => {
  const named = proxyAccounts({ namespace: "doors" }).map(
    ({ kind, metadata: { namespace = "", name } }) => `${kind} ${namespace}/${name}`,
  );
  expect(named).toEqual([
    "ServiceAccount doors/proxy-asker",
    "ServiceAccount doors/proxy-actor",
    "ClusterRole /impersonation-admission-proxy-asker",
    "ClusterRoleBinding /impersonation-admission-proxy-asker",
    "RoleBinding kube-system/impersonation-admission-proxy-asker",
    "ClusterRole /impersonation-admission-proxy-actor",
    "ClusterRoleBinding /impersonation-admission-proxy-actor",
  ]);
});

/** Whether an account may do something: `impersonate:user-info users.authentication.k8s.io`, `get /metrics`. */
const may = (account: string, isConstrained: boolean, text: string): boolean => {
  const [verb = "", what = ""] = text.split(" ");
  const [resource = "", ...group] = what.split(".");
  const requester = { user: serviceAccountUsername({ namespace: "doors", name: account }), groups: [], extra: {} };
  const [plural = "", ...subresource] = resource.split("/");
  const question: Question = what.startsWith("/")
    ? { ...requester, nonResourceAttributes: { path: what, verb } }
    : {
        ...requester,
        resourceAttributes: {
          ...{ verb, group: group.join("."), version: "*", resource: plural, namespace: "", name: "some" },
          ...(subresource.length > 0 && { subresource: subresource.join("/") }),
        },
      };
  // The Role of Kubernetes' own is not there, and its binding grants nothing.
  const answer = authorize(readWorld(proxyAccounts({ namespace: "doors", isConstrained })), question);
  return "allowed" in answer && answer.allowed;
};

describe.each([
  ["impersonate users", "classic"],
  ["impersonate groups", "classic"],
  ["impersonate serviceaccounts", "classic"],
  ["impersonate uids.authentication.k8s.io", "classic"],
  ["impersonate userextras/some.authentication.k8s.io", "classic"],
  ["impersonate:user-info users.authentication.k8s.io", "constrained"],
  ["impersonate:user-info groups.authentication.k8s.io", "constrained"],
  ["impersonate:user-info uids.authentication.k8s.io", "constrained"],
  ["impersonate:user-info userextras/some.authentication.k8s.io", "constrained"],
  ["impersonate-on:user-info:deletecollection deployments.apps", "constrained"],
  ["impersonate-on:user-info:get pods/exec", "constrained"],
  ["impersonate-on:user-info:get /metrics", "constrained"],
  ["impersonate:serviceaccount serviceaccounts.authentication.k8s.io", "neither"],
  ["impersonate:arbitrary-node nodes.authentication.k8s.io", "neither"],
  ["get pods", "neither"],
  ["get secrets", "neither"],
  ["create tokenreviews.authentication.k8s.io", "asker"],
  ["create subjectaccessreviews.authorization.k8s.io", "asker"],
  ["create serviceaccounts/token", "neither"],
  ["get /metrics", "neither"],
])("%s", (text, who) => {
  test.each([
    ["the acting account", "proxy-actor", false, who === "classic"],
    ["the acting account where impersonation is constrained", "proxy-actor", true, who === "constrained"],
    ["the asking account", "proxy-asker", false, who === "asker"],
    ["the asking account where impersonation is constrained", "proxy-asker", true, who === "asker"],
  ])("%s", (_, account, isConstrained, expected) => {
    expect(may(account, isConstrained, text)).toBe(expected);
  });
});

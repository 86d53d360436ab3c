import { describe, expect, test } from "vitest";
import { readRequestInfo } from "../../../../lib/proxy/index.ts";
import { parseQuery } from "../../../../lib/proxy/query.ts";

/** Members that are not empty, in the order of the type. */
const briefly = (method: string, target: string): string => {
  const info = readRequestInfo(method, target);
  if ("problem" in info) return info.problem;
  const { isResourceRequest, path, verb, apiGroup, apiVersion, namespace, resource, subresource, name, ...selectors } =
    info;
  if (!isResourceRequest) return `${verb} path ${path}`;
  const where = namespace ? ` in ${namespace}` : "";
  const what = `${resource}${subresource && `/${subresource}`}${name && ` ${name}`}`;
  const { fieldSelector, labelSelector } = selectors;
  const selected = `${fieldSelector && ` fields ${fieldSelector}`}${labelSelector && ` labels ${labelSelector}`}`;
  return `${verb} ${apiGroup || "core"}/${apiVersion} ${what}${where}${selected}`;
};

describe("a path names a resource, or does not", () => {
  test.each([
    ["GET", "/api/v1/namespaces", "list core/v1 namespaces"],
    ["GET", "/api/v1/namespaces/other", "get core/v1 namespaces other in other"],
    ["GET", "/api/v1/namespaces/other/pods", "list core/v1 pods in other"],
    ["GET", "/api/v1/namespaces/other/pods/foo", "get core/v1 pods foo in other"],
    ["HEAD", "/api/v1/namespaces/other/pods/foo", "get core/v1 pods foo in other"],
    ["HEAD", "/api/v1/pods", "list core/v1 pods"],
    ["POST", "/apis/apps/v1/namespaces/other/deployments", "create apps/v1 deployments in other"],
    ["PUT", "/api/v1/namespaces/other/pods/foo", "update core/v1 pods foo in other"],
    ["PATCH", "/api/v1/namespaces/other/pods/foo", "patch core/v1 pods foo in other"],
    ["DELETE", "/api/v1/namespaces/other/pods/foo", "delete core/v1 pods foo in other"],
    ["DELETE", "/api/v1/nodes", "deletecollection core/v1 nodes"],
    ["DELETE", "/api/v1/namespaces", "deletecollection core/v1 namespaces"],
    ["GET", "/api/v1/namespaces/other/pods/foo/status", "get core/v1 pods/status foo in other"],
    ["GET", "/api/v1/namespaces/other/pods/foo/proxy/a/b", "get core/v1 pods/proxy foo in other"],
    ["PUT", "/api/v1/namespaces/other/finalize", "update core/v1 namespaces/finalize other in other"],
    ["PUT", "/api/v1/namespaces/other/status", "update core/v1 namespaces/status other in other"],
    ["GET", "/api/v1/watch/pods", "watch core/v1 pods"],
    ["GET", "/api/v1/watch/namespaces/other/pods/foo", "watch core/v1 pods foo in other"],
    ["GET", "/api/v1/proxy/namespaces/other/pods/foo/a", "proxy core/v1 pods foo in other"],
    ["OPTIONS", "/api/v1/pods", " core/v1 pods"],
    ["get", "/api/v1/pods", " core/v1 pods"],
    ["GET", "/", "get path /"],
    ["GET", "/api", "get path /api"],
    ["GET", "/api/v1", "get path /api/v1"],
    ["GET", "/apis/apps/v1/", "get path /apis/apps/v1/"],
    ["GET", "/api/v1//", "get path /api/v1//"],
    ["POST", "/version", "post path /version"],
    ["GET", "/other/v1/pods", "get path /other/v1/pods"],
    ["GET", "/other/apps/v1/deployments", "get path /other/apps/v1/deployments"],
    ["GET", "/apis/v1/pods", "get path /apis/v1/pods"],
  ])("%s %s: %s", (method, target, expected) => {
    expect(briefly(method, target)).toBe(expected);
  });
});

test("of a path that names no resource only the path and the verb are known", () => {
  expect(readRequestInfo("GET", "/version")).toEqual({
    ...{ isResourceRequest: false, path: "/version", verb: "get" },
    ...{ apiGroup: "", apiVersion: "", namespace: "", resource: "", subresource: "", name: "" },
    ...{ fieldSelector: "", labelSelector: "" },
  });
});

describe("the path is decoded, then split, and nothing in it is resolved", () => {
  test.each([
    ["/api/v1/namespaces/default/%2e%2e/kube-system/configmaps", "get core/v1 ../configmaps kube-system in default"],
    ["/api/v1/namespaces/default/../kube-system/pods", "get core/v1 ../pods kube-system in default"],
    ["/api/v1/namespaces/default/configmaps/a%2Fb", "get core/v1 configmaps/b a in default"],
    ["/api%2Fv1/pods", "list core/v1 pods"],
    ["//api/v1/pods//", "list core/v1 pods"],
    ["/api//v1/pods", "get core/ v1 pods"],
    ["/api/v1//pods", "get core/v1  pods"],
    ["/api/v1/pods#a", "list core/v1 pods#a"],
    ["/api/v1/pods/a+b", "get core/v1 pods a+b"],
    ["/api/v1/pods/caf%C3%A9", "get core/v1 pods café"],
    ["/api/v1/pods%3Fwatch=1", "list core/v1 pods?watch=1"],
  ])("%s: %s", (target, expected) => {
    expect(briefly("GET", target)).toBe(expected);
  });
});

describe("the query says list or watch, and may say the name", () => {
  test.each([
    ["watch=true", "watch core/v1 pods"],
    ["watch=1", "watch core/v1 pods"],
    ["watch", "watch core/v1 pods"],
    ["watch=no", "watch core/v1 pods"],
    ["watch=0", "list core/v1 pods"],
    ["watch=FALSE", "list core/v1 pods"],
    ["watch=10", "watch core/v1 pods"],
    ["watch=01", "watch core/v1 pods"],
    ["watch=0&watch=1", "list core/v1 pods"],
    ["watch=1&limit=many", "watch core/v1 pods"],
    ["%77atch=1", "watch core/v1 pods"],
    ["watch=1;a=2", "list core/v1 pods"],
    ["watch=1&%zz=2", "watch core/v1 pods"],
    ["watch=fal%C5%BFe", "list core/v1 pods"],
    ["watch=fal%C5%BFe&limit=many", "watch core/v1 pods"],
    ["watch=false&limit=many", "list core/v1 pods"],
    ["watch=FALSE&limit=many", "list core/v1 pods"],
    ["limit=many", "list core/v1 pods"],
    ["watch=1&a=%4", "watch core/v1 pods"],
    ["fieldSelector=x=a", "list core/v1 pods fields x=a"],
    ["fieldSelector=metadata.name=a.", "list core/v1 pods a. fields metadata.name=a."],
    ["fieldSelector=metadata.name=..a", "list core/v1 pods ..a fields metadata.name=..a"],
    ["fieldSelector=metadata.name=a&limit=1&limit=many", "list core/v1 pods a fields metadata.name=a"],
    ["fieldSelector=metadata.name%3Da", "list core/v1 pods a fields metadata.name=a"],
    ["fieldSelector=metadata.name==a,x!=y", "list core/v1 pods a fields metadata.name==a,x!=y"],
    ["fieldSelector=metadata.name!=a", "list core/v1 pods fields metadata.name!=a"],
    ["fieldSelector=metadata.name=..", "list core/v1 pods fields metadata.name=.."],
    ["fieldSelector=metadata.name=a/b", "list core/v1 pods fields metadata.name=a/b"],
    ["fieldSelector=metadata.name=a&fieldSelector=metadata.name=b", "list core/v1 pods a fields metadata.name=a"],
    ["fieldSelector=metadata.name=a&limit=many", "list core/v1 pods fields metadata.name=a"],
    ["fieldSelector=metadata.name=a&timeoutSeconds=", "list core/v1 pods fields metadata.name=a"],
    ["fieldSelector=metadata.name=a&labelSelector=%21%21", "list core/v1 pods fields metadata.name=a labels !!"],
    ["fieldSelector=metadata.name=a,oops&watch=1", "watch core/v1 pods fields metadata.name=a,oops"],
    ["labelSelector=a+in+(b)", "list core/v1 pods labels a in (b)"],
  ])("?%s: %s", (query, expected) => {
    expect(briefly("GET", `/api/v1/pods?${query}`)).toBe(expected);
  });

  test.each([
    ["GET", "/api/v1/pods/a?labelSelector=b", "get core/v1 pods a"],
    ["GET", "/api/v1/watch/pods?labelSelector=b&fieldSelector=metadata.name=a", "watch core/v1 pods"],
    ["POST", "/api/v1/pods?labelSelector=b", "create core/v1 pods"],
    ["DELETE", "/api/v1/pods?fieldSelector=metadata.name=a", "deletecollection core/v1 pods fields metadata.name=a"],
  ])("%s %s: selectors count for list, watch and deletecollection only", (method, target, expected) => {
    expect(briefly(method, target)).toBe(expected);
  });
});

test.each([
  ["", "printable ASCII"],
  ["*", "printable ASCII"],
  ["https://host/api", "printable ASCII"],
  ["/api v1", "printable ASCII"],
  ["/caf\u00e9", "printable ASCII"],
  ["/a\n", "printable ASCII"],
  ["/api/%", "percent sign"],
  ["/api/%zz", "percent sign"],
  ["/api/%ff", "percent sign"],
  ["/api/v1/pods?a=%ff", "percent sign"],
  ["/api/v1/pods?%ff=a", "percent sign"],
  ["/api/v1/watch", "the path names no resource behind watch"],
  ["/apis/apps/v1/proxy/", "the path names no resource behind proxy"],
])("the target %j is not read", (target, problem) => {
  expect(briefly("GET", target)).toContain(problem);
});

test.each<readonly [string, readonly (readonly [name: string, values: readonly string[]])[] | undefined]>([
  [
    "watch=1&limit&watch=0",
    [
      ["watch", ["1", "0"]],
      ["limit", [""]],
    ],
  ],
  ["=b", [["", ["b"]]]],
  ["a=b=c", [["a", ["b=c"]]]],
  ["a+b=c%2Bd", [["a b", ["c+d"]]]],
  ["a;b&c%&d=%zz&e=1", [["e", ["1"]]]],
  ["a=%ff", undefined],
])("the query %s is read as Go reads it", (text, expected) => {
  expect(parseQuery(text)).toEqual(expected && new Map(expected));
});

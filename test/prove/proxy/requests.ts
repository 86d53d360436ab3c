import { isProblem } from "../../../lib/meta/json.ts";
import { type HeaderLine, isLongRunning, readRequestInfo } from "../../../lib/proxy/index.ts";
import { targetOf } from "../request-info/targets.ts";
import type { Random } from "../worlds/random.ts";
import type { Sent } from "./sender.ts";
import { impersonationLinesOf, type ProxyWords } from "./world.ts";

/** A request, without its caller. */
export type RandomRequest = Omit<Sent, "http">;

const json: HeaderLine = ["Content-Type", "application/json"];
const accepts: readonly (readonly HeaderLine[])[] = [
  ...Array.from({ length: 6 }, (): readonly HeaderLine[] => [["Accept", "application/json"]]),
  [],
  [["Accept", "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"]],
  [["Accept", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"]],
  [["Accept", "application/vnd.kubernetes.protobuf"]],
  [["Accept", "application/yaml"]],
  [["Accept", "text/html"]],
  [
    ["Accept", "application/json"],
    ["Accept-Encoding", "gzip"],
  ],
  [["Accept", "application/json;q=0.5, */*"]],
];

const api = "/apis/authorization.k8s.io/v1";
const review = (kind: string, spec: object) => JSON.stringify({ apiVersion: "authorization.k8s.io/v1", kind, spec });

export const selfReview: RandomRequest = {
  method: "POST",
  target: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
  lines: [json],
  body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }),
};

const queries = [
  ...["", "", "", "", "?labelSelector=app%3Dfirst", "?labelSelector=app+in+(first,second),!gone", "?labelSelector=,"],
  ...[
    "?fieldSelector=metadata.name%3Dfirst",
    "?fieldSelector=metadata.name=first&limit=many",
    "?limit=1",
    "?pretty=true",
  ],
  ...[
    "?timeout=5s",
    "?timeout=soon",
    "?timeout=-1s",
    "?resourceVersion=0",
    "?resourceVersion=x",
    "?watch=1&timeoutSeconds=1",
  ],
  ...["?watch=1&timeout=soon", "?watch=0", "?continue=x", "?fieldValidation=Strict", "?unknown=1"],
];

const read = (random: Random, words: ProxyWords): RandomRequest => {
  const namespace = random.pick([...words.namespaces, ...words.namespaces, `${words.prefix}-none`, "default"]);
  const resource = random.pick([
    "configmaps",
    "configmaps",
    "secrets",
    "pods",
    "serviceaccounts",
    "things",
    "deployments",
  ]);
  const base = resource === "deployments" ? "/apis/apps/v1" : "/api/v1";
  const name = random.pick(["first", "second", "missing"]);
  const target = random.pick([
    () => `${base}/namespaces/${namespace}/${resource}`,
    () => `${base}/namespaces/${namespace}/${resource}`,
    () => `${base}/${resource}?labelSelector=app%3Dnone`,
    () => `${base}/namespaces/${namespace}/${resource}/${name}`,
    () => `${base}/namespaces/${namespace}/${resource}/${name}`,
    () => `/apis/apps/v1/namespaces/${namespace}/deployments/first/${random.pick(["scale", "status", "x"])}`,
    () => `/api/v1/namespaces/${namespace}/pods/missing/log`,
    () => `/api/v1/namespaces/${namespace}`,
    () => `/api/v1/watch/namespaces/${namespace}/configmaps?timeoutSeconds=1`,
  ])();
  const query = target.includes("?") ? "" : random.pick(queries);
  return {
    method: random.pick(["GET", "GET", "GET", "HEAD", "OPTIONS"]),
    target: target + query,
    lines: random.pick(accepts),
  };
};

const plainPaths = [
  ...["/version", "/api", "/apis", "/api/v1", "/apis/apps/v1", "/healthz", "/livez", "/readyz?verbose", "/livez/ping"],
  ...[
    "/metrics/none",
    "/logs/",
    "/logs/x",
    "/openapi/v3",
    "/openapi/v3/api/v1",
    "/x/../y",
    "/x/%2e%2e/y",
    "/caf%C3%A9",
  ],
  ...["/", "//", "/nothing", "/.well-known/openid-configuration", "/openid/v1/jwks", "/x/%3Ca%3E", "/api/v2/pods"],
];
const path = (random: Random): RandomRequest => ({
  method: random.pick(["GET", "GET", "GET", "HEAD", "POST", "PUT", "OPTIONS"]),
  target: random.pick(plainPaths),
  lines: random.pick(accepts),
});

/** Nothing is written, so that both of two requests find the same. */
const write = (random: Random, words: ProxyWords): RandomRequest => {
  const namespace = random.pick(words.namespaces);
  const collection = `/api/v1/namespaces/${namespace}/configmaps`;
  const dryRun = `?dryRun=All${random.pick(["", "&fieldValidation=Strict", "&fieldManager=prove"])}`;
  const configMap = (name: string, more: object = {}) =>
    JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace }, data: { b: "2" }, ...more });
  return random.pick<() => RandomRequest>([
    () => ({ method: "POST", target: collection + dryRun, lines: [json], body: configMap("new") }),
    () => ({ method: "POST", target: collection + dryRun, lines: [json], body: configMap("first") }),
    () => ({ method: "POST", target: collection + dryRun, lines: [json], body: configMap("new", { things: 1 }) }),
    () => ({ method: "POST", target: collection + dryRun, lines: [json], body: "{" }),
    () => ({ method: "POST", target: collection + dryRun, lines: [["Content-Type", "text/plain"]], body: "a" }),
    () => ({ method: "PUT", target: `${collection}/first${dryRun}`, lines: [json], body: configMap("first") }),
    () => ({ method: "PUT", target: `${collection}/first${dryRun}`, lines: [json], body: configMap("second") }),
    () => ({
      method: "PATCH",
      target: `${collection}/${random.pick(["first", "missing"])}${dryRun}`,
      lines: [
        ["Content-Type", random.pick(["application/merge-patch+json", "application/strategic-merge-patch+json"])],
      ],
      body: JSON.stringify({ data: { c: "3" } }),
    }),
    () => ({
      method: "PATCH",
      target: `${collection}/first?dryRun=All&fieldManager=prove&force=true`,
      lines: [["Content-Type", "application/apply-patch+yaml"]],
      body: configMap("first"),
    }),
    () => ({ method: "PATCH", target: `${collection}/first${dryRun}`, lines: [json], body: "{}" }),
    () => ({ method: "DELETE", target: `${collection}/first${dryRun}`, lines: [] }),
    () => ({ method: "DELETE", target: `${collection}${dryRun}&labelSelector=app=first`, lines: [] }),
    () => ({
      method: "PUT",
      target: `/apis/apps/v1/namespaces/${namespace}/deployments/first/scale${dryRun}`,
      lines: [json],
      body: JSON.stringify({
        apiVersion: "autoscaling/v1",
        kind: "Scale",
        metadata: { name: "first", namespace },
        spec: { replicas: 2 },
      }),
    }),
  ])();
};

const reviews = (random: Random, { namespaces: [namespace = ""] }: ProxyWords): RandomRequest =>
  random.pick([
    selfReview,
    selfReview,
    {
      method: "POST",
      target: `${api}/selfsubjectaccessreviews`,
      lines: [json],
      body: review("SelfSubjectAccessReview", {
        resourceAttributes: { verb: "get", resource: "configmaps", namespace, name: "first" },
      }),
    },
    {
      method: "POST",
      target: `${api}/selfsubjectrulesreviews`,
      lines: [json],
      body: review("SelfSubjectRulesReview", { namespace }),
    },
  ]);

/** Reads at targets that no client writes. */
const odd = (random: Random): RandomRequest => ({
  method: random.pick(["GET", "GET", "HEAD", "OPTIONS", "PROPFIND", "TRACE", "get"]),
  target: targetOf(random),
  lines: [["Accept", "application/json"]],
});

/** An answer that goes on would do so for half an hour, and a profile takes half a minute. */
const bounded = (request: RandomRequest): RandomRequest => {
  const info = readRequestInfo(request.method, request.target);
  if (isProblem(info) || !isLongRunning(info)) return request;
  return info.isResourceRequest ? { ...request, cutAfter: 1_200 } : { ...request, target: "/debug/pprof/cmdline" };
};

/** A random request that changes nothing: reads, writes as dry runs, reviews, odd targets. */
export const requestOf = (random: Random, words: ProxyWords): RandomRequest =>
  bounded(random.pick([read, read, read, read, path, write, write, reviews, odd, odd])(random, words));

/** A request as another user; half of them ask who they are. */
export const nestedRequestOf = (random: Random, words: ProxyWords): RandomRequest => {
  const asked = random.chance(0.5) ? selfReview : random.pick([read, path, write, reviews])(random, words);
  const lines = [...asked.lines.filter(([name]) => name !== "Accept"), ["Accept", "application/json"] as const];
  return bounded({ ...asked, lines: [...lines, ...impersonationLinesOf(random, words)] });
};

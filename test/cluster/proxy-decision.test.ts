import { Agent, request } from "node:https";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { authenticatedGroups } from "../../lib/identity/implied-groups.ts";
import type { UserInfo } from "../../lib/identity/index.ts";
import {
  concludeRequest,
  type HeaderLine,
  judgeRequest,
  outgoingLines,
  type RequestInfo,
  readRequestInfo,
} from "../../lib/proxy/index.ts";
import { type Answer, type Question, readAnswer } from "../../lib/question/index.ts";
import { connect } from "./control-plane.ts";
import type { Caller } from "./harness/caller.ts";
import { applied } from "./world/applied.ts";
import { makeNamespace, serviceAccount } from "./world/namespace.ts";
import { until } from "./world/until.ts";

const plane = connect(inject("connection"));
const namespace = "proxy-decision";
const reader = `system:serviceaccount:${namespace}:reader`;
const admin = plane.user("admin");
const { hostname, port } = new URL(plane.connection.url);
const agent = new Agent({ ca: plane.connection.caPem, keepAlive: true });

// Other suites on this control plane list the subjects that may impersonate.
afterAll(async () => {
  for (const name of ["anyone", "someone", "reader"])
    await send(
      admin.token,
      "DELETE",
      `/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/${namespace}-${name}`,
      [],
    );
  const token = callers.at(-4)?.token ?? "";
  await until("the grants no longer count", async () => {
    const { status } = await send(token, "GET", "/version", [["Impersonate-User", reader]]);
    return status === 403;
  });
  agent.destroy();
});

let callers: readonly Caller[];
let minor: number;

/** An account of this suite alone, because the control plane serves other suites too, and what the rules grant it. */
const account = (name: string, ...rules: readonly object[]) => [
  { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: `${namespace}-${name}` },
    rules,
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRoleBinding",
    metadata: { name: `${namespace}-${name}` },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `${namespace}-${name}` },
    subjects: [{ kind: "ServiceAccount", name, namespace }],
  },
];
const impersonate = (apiGroup: string, ...resources: readonly string[]) => ({
  apiGroups: [apiGroup],
  resources,
  verbs: ["impersonate"],
});

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  await applied(plane, [
    ...account(
      "anyone",
      impersonate("", "users", "groups", "serviceaccounts"),
      impersonate("authentication.k8s.io", "*"),
    ),
    ...account(
      "someone",
      impersonate("", "users"),
      { ...impersonate("", "groups"), resourceNames: ["dev"] },
      impersonate("authentication.k8s.io", "userextras/scope"),
    ),
    ...account(
      "reader",
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list"] },
      { nonResourceURLs: ["/metrics"], verbs: ["get"] },
    ),
  ]);
  minor = Number((await send(admin.token, "GET", "/version", [])).body.minor);
  const accounts = ["anyone", "someone", "reader", "builder"].map((name) => serviceAccount(plane, namespace, name));
  callers = [
    ...["alice", "finn", "editor", "stranger", "zo\u00eb"].map((name) => plane.user(name)),
    ...(await Promise.all(accounts)),
  ];
  await until("the grants count", async () => {
    const { status } = await send((await serviceAccount(plane, namespace, "anyone")).token, "GET", "/metrics", [
      ["Impersonate-User", reader],
      ["Impersonate-Uid", "1"],
    ]);
    return status === 200;
  });
});

interface Reply {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the API server answers
  readonly body: any;
}

const send = (
  token: string,
  method: string,
  path: string,
  lines: readonly HeaderLine[],
  body?: object,
): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const all = [["Host", "api"], ["Authorization", `Bearer ${token}`], ["Accept", "application/json"], ...lines];
    const content = body === undefined ? [] : [["Content-Type", "application/json"]];
    const headers = [...all, ...content].flat();
    // A URL would resolve the dots of the path.
    const outgoing = request({ hostname, port, path, method, agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("error", reject).on("end", () => {
        const isJson = response.headers["content-type"]?.startsWith("application/json");
        resolve({ status: response.statusCode ?? 0, body: isJson && method !== "HEAD" ? JSON.parse(text) : text });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });

const create = async (resource: string, spec: object): Promise<Reply["body"]> => {
  const [group, kind] =
    resource === "tokenreviews"
      ? ["authentication.k8s.io", "TokenReview"]
      : ["authorization.k8s.io", "SubjectAccessReview"];
  const body = { apiVersion: `${group}/v1`, kind, spec };
  const reply = await send(admin.token, "POST", `/apis/${group}/v1/${resource}?fieldValidation=Strict`, [], body);
  expect(reply.status, JSON.stringify(reply.body)).toBe(201);
  return reply.body;
};

const identify = async ({ token }: Caller): Promise<UserInfo> => {
  const { username, uid, groups = [], extra = {} } = (await create("tokenreviews", { token })).status.user;
  return { username, ...(uid && { uid }), extra, groups: authenticatedGroups({ username, groups }) };
};

const answerTo = async (question: Question): Promise<Answer> =>
  readAnswer(await create("subjectaccessreviews", question));

interface Asked {
  readonly caller: number;
  readonly method: string;
  readonly path: string;
  readonly lines: readonly HeaderLine[];
}

const selfReview = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
const bodyOf = ({ path, method }: Asked) =>
  method === "POST" && path.includes("selfsubjectreviews") ? selfReview : undefined;

/** The request through the decision, as the proxy makes it: identified, asked about, concluded, sent on by the acting account. */
const throughProxy = async (asked: Asked): Promise<Reply> => {
  const info = readRequestInfo(asked.method, asked.path) as RequestInfo;
  const user = await identify(callers[asked.caller] as Caller);
  const judgement = judgeRequest({ info, lines: asked.lines, caller: { user, credential: "token" } });
  const answers = await Promise.all(judgement.questions.map(answerTo));
  const outcome = concludeRequest(judgement, answers, { uid: "impersonate" });
  if ("refusal" in outcome) return { status: outcome.refusal.code, body: outcome.refusal };
  expect(outcome.credential).toBe("actor");
  const lines = outgoingLines(asked.lines, { acting: outcome.lines, peer: "127.0.0.1" });
  return send(admin.token, asked.method, asked.path, lines, bodyOf(asked));
};

const originalKey = "proxy.impersonation-admission/original-user-info";

/**
 * A reply without what is meant to be different: who decided, the original user in extra, the words of a 400, and those of a refused
 * impersonation, which name constrained impersonation since Kubernetes 1.36.
 */
const comparable = ({ status, body }: Reply): unknown => {
  const isConstrained = minor >= 36 && / cannot impersonate(-on:\S+)? /.test(body?.message);
  if (body?.kind === "Status" && (status === 400 || isConstrained)) return [status, body.reason];
  if (body?.kind === "Status")
    return [
      status,
      body.reason,
      body.message.replace(/(: invalid verb)?(: |, )decision made by proxy\.impersonation-admission$/, ""),
      body.details,
    ];
  if (body?.kind === "SelfSubjectReview") {
    const { username, uid, groups, extra = {} } = body.status.userInfo;
    const { [originalKey]: _, ...rest } = extra;
    return [status, username, uid, groups, rest];
  }
  return [status, body?.kind];
};

const compare = async (asked: Asked): Promise<void> => {
  const caller = callers[asked.caller] as Caller;
  const direct = await send(caller.token, asked.method, asked.path, asked.lines, bodyOf(asked));
  expect(comparable(await throughProxy(asked)), JSON.stringify({ ...asked, caller: caller.name })).toEqual(
    comparable(direct),
  );
};

const user = fc
  .constantFrom(
    "bob",
    "zo\u00c3\u00ab",
    "system:anonymous",
    `system:serviceaccount:${namespace}:reader`,
    "system:serviceaccount:a:b:c",
    "carl",
    "",
  )
  .map((name) => ["Impersonate-User", name] as const);
const group = fc
  .constantFrom("dev", "a,b", "system:authenticated", "system:unauthenticated", "system:masters", "")
  .map((name) => ["Impersonate-Group", name] as const);
const extra = fc
  .tuple(fc.constantFrom("scope", "Scope", "example.com%2fkey", "%zz", "a_b"), fc.constantFrom("x", "y"))
  .map(([key, value]) => [`Impersonate-Extra-${key}`, value] as const);
const uid = fc.constant(["Impersonate-Uid", "42"] as const);
const lines = fc.array(fc.oneof({ arbitrary: user, weight: 3 }, group, extra, uid), { maxLength: 4 });
const target = fc.constantFrom(
  ["POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"],
  ["POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews"],
  ["GET", `/api/v1/namespaces/${namespace}/configmaps`],
  ["GET", `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`],
  ["GET", "/api/v1/pods?labelSelector=a%20in%20(b)&fieldSelector=metadata.name=c"],
  ["DELETE", `/api/v1/namespaces/${namespace}/secrets?dryRun=All`],
  ["PUT", "/apis/apps/v1/namespaces/default/deployments/a/scale"],
  ["GET", "/version"],
  ["GET", "/metrics"],
  ["GET", "/healthz"],
  ["POST", "/logs/%3Ca%3E"],
  ["OPTIONS", "/api/v1/pods"],
  ["GET", "/api/v1/namespaces/default/%2e%2e/a/b"],
);
const asked = fc
  .record({ caller: fc.nat(8), lines, target })
  .map(({ caller, lines, target: [method = "", path = ""] }) => ({ caller, method, path, lines }));

describe("the decision of the proxy is the API server's: the same status, words and effective user", () => {
  test("for random callers, impersonation headers and requests", async () => {
    await fc.assert(fc.asyncProperty(asked, compare), {
      numRuns: Number(process.env["PROXY_RUNS"] ?? 300),
      endOnFailure: false,
    });
  }, 600_000);
});

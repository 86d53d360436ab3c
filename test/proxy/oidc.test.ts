import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTokenIssuers } from "../../functions/oidc/open-token-issuers.ts";
import type { Caller } from "../cluster/harness/caller.ts";
import { freePorts } from "../cluster/harness/free-ports.ts";
import { applied } from "../cluster/world/applied.ts";
import { serviceAccount } from "../cluster/world/namespace.ts";
import { until } from "../cluster/world/until.ts";
import { runCommand, startCommand } from "../support/command.ts";
import { discoveryPath, newSigningKey, type OidcIssuer, startOidcIssuer } from "../support/oidc-issuer.ts";
import { header, send, sendBytes } from "./world/clients.ts";
import { clientId, type RunningProvider, startProvider } from "./world/provider.ts";
import { type Served, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let proxy: Served;
let company: RunningProvider;
let partner: RunningProvider;
/** An issuer whose discovery document is not served. */
let gone: OidcIssuer;
let configurationFile: string;
let account: Caller;
const folder = mkdtempSync(join(tmpdir(), "proxy-oidc-"));

const indented = (pem: string): string => pem.trimEnd().replaceAll("\n", "\n      ");

/** As a person writes it. */
const configuration = (silentPort: number): string => `
apiVersion: apiserver.config.k8s.io/v1
kind: AuthenticationConfiguration
jwt:
- issuer:
    url: ${company.url}
    audiences: [${clientId}]
    certificateAuthority: |
      ${indented(company.ca)}
  claimMappings:
    username: { claim: sub, prefix: "company:" }
    groups: { claim: groups, prefix: "company:" }
- issuer:
    url: ${partner.url}
    audiences: [other, ${clientId}]
    audienceMatchPolicy: MatchAny
    certificateAuthority: |
      ${indented(partner.ca)}
  claimMappings:
    username: { claim: sub, prefix: "" }
    groups: { claim: groups, prefix: "" }
- issuer:
    url: ${gone.url}
    discoveryURL: https://localhost:${silentPort}/discovery
    audiences: [${clientId}]
  claimMappings:
    username: { claim: sub, prefix: "gone:" }
`;

beforeAll(async () => {
  stage = await startStage();
  company = await startProvider({ alg: "RS256", groups: { alice: ["developers"] } });
  partner = await startProvider({ alg: "ES256", groups: { bob: ["readers"], mallory: ["system:masters"] } });
  gone = await startOidcIssuer(await newSigningKey("RS256", "one"));
  const [silentPort = 0] = await freePorts(1);
  configurationFile = join(folder, "authentication.yaml");
  writeFileSync(configurationFile, configuration(silentPort));
  proxy = await stage.serve({ issuers: openTokenIssuers(configuration(silentPort), { uid: "passthrough" }) });
  await applied(stage, [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "developer" },
      rules: [
        { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] },
        { apiGroups: [""], resources: ["users"], verbs: ["impersonate"], resourceNames: ["rita"] },
      ],
    },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "developers" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "developer" },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "company:developers" }],
    },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot", namespace: "default" } },
  ]);
  account = await serviceAccount(stage, "default", "robot");
  const alice = await person("alice");
  await until("the rights count", async () => (await proxy.kubectl(alice, ["get", "pods"])).code === 0);
});
afterAll(async () => {
  await stage?.stop();
  await Promise.all([company, partner, gone].map((each) => each?.close()));
  rmSync(folder, { recursive: true });
});

const person = async (name: string, provider = company): Promise<Caller> => ({
  name,
  token: await provider.logIn(name),
});

const whoAmI = async (caller: Caller) => {
  const { stdout, stderr } = await proxy.kubectl(caller, ["auth", "whoami", "-o", "json"]);
  expect(stderr).toBe("");
  return JSON.parse(stdout).status.userInfo;
};

/** Without those of the proxy's reads of the cluster's certificates, which it repeats after a while. */
const eventsSince = (mark: number) =>
  stage.auditEvents(mark).filter(({ objectRef }) => objectRef?.name !== "extension-apiserver-authentication");

const lastEntry = () => proxy.entries.at(-1);

test("a person logs in and works with kubectl; the audit log holds the actor and the person", async () => {
  const alice = await person("alice");
  expect(await whoAmI(alice)).toEqual({
    username: "company:alice",
    groups: ["company:developers", "system:authenticated"],
  });
  const mark = stage.auditMark();
  const pods = await proxy.kubectl(alice, ["get", "pods"]);
  expect([pods.code, pods.stderr.trim()]).toEqual([0, "No resources found in default namespace."]);
  const secrets = await proxy.kubectl(alice, ["get", "secrets"]);
  expect(secrets.stderr).toContain('User "company:alice" cannot list resource "secrets"');
  const events = stage.auditEvents(mark);
  expect(events.filter(({ objectRef }) => objectRef?.resource === "pods")).toMatchObject([
    {
      user: { username: "proxy-actor" },
      impersonatedUser: { username: "company:alice", groups: ["company:developers", "system:authenticated"] },
      responseStatus: { code: 200 },
    },
  ]);
  expect(events.filter(({ objectRef }) => objectRef?.resource === "tokenreviews")).toEqual([]);
  const [read, refused] = proxy.entries.slice(-2);
  expect(read).toMatchObject({ caller: "company:alice", user: "company:alice", credential: "actor", status: 200 });
  expect(refused).toMatchObject({ caller: "company:alice", resource: "secrets", status: 403 });
});

test("who acts as another user stands in the audit log as the third identity", async () => {
  const alice = await person("alice");
  const mark = stage.auditMark();
  const args = ["get", "configmaps"];
  const { code } = await proxy.kubectl({ ...alice, impersonate: { user: "rita" } }, args);
  expect(code).toBe(0);
  const [event] = stage.auditEvents(mark).filter(({ objectRef }) => objectRef?.resource === "configmaps");
  expect(event).toMatchObject({ user: { username: "proxy-actor" }, impersonatedUser: { username: "rita" } });
  const [original = ""] = event?.impersonatedUser?.extra?.["proxy.impersonation-admission/original-user-info"] ?? [];
  expect(JSON.parse(original)).toEqual({
    username: "company:alice",
    groups: ["company:developers", "system:authenticated"],
  });
  const refused = await proxy.kubectl({ ...alice, impersonate: { user: "olga" } }, args);
  expect(refused.stderr).toContain('User "company:alice" cannot impersonate resource "users"');
});

test("an exec plugin brings the token, as kubelogin does", async () => {
  const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential" };
  const plugin = join(folder, "plugin.mjs");
  const token = await company.logIn("alice");
  writeFileSync(plugin, `console.log(${JSON.stringify(JSON.stringify({ ...credential, status: { token } }))});`);
  const config = JSON.parse(proxy.kubeconfigFor({ name: "alice", token: "" }));
  config.users[0].user = {
    exec: { apiVersion: credential.apiVersion, command: process.execPath, args: [plugin], interactiveMode: "Never" },
  };
  const file = join(folder, "exec.json");
  writeFileSync(file, JSON.stringify(config));
  const { stdout } = await stage.kubectl(stage.user("stranger"), ["--kubeconfig", file, "auth", "whoami"]);
  expect(stdout).toContain("company:alice");
});

test("a token in a WebSocket subprotocol counts, and does not reach the API server", async () => {
  const token = await company.logIn("alice");
  const { host, pathname } = new URL(proxy.url);
  const protocol = `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString("base64url")}`;
  const mark = stage.auditMark();
  const answer = await sendBytes(
    proxy,
    [
      `GET ${pathname}/api/v1/namespaces/default/pods HTTP/1.1`,
      ...[`Host: ${host}`, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"],
      ...["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", `Sec-WebSocket-Protocol: ${protocol}, v5.channel.k8s.io`],
      "\r\n",
    ].join("\r\n"),
  );
  expect(answer).toMatch(/^HTTP\/1.1 200 /);
  const requests = eventsSince(mark).filter(({ objectRef }) => objectRef?.resource !== "subjectaccessreviews");
  expect(requests).toMatchObject([
    { user: { username: "proxy-actor" }, impersonatedUser: { username: "company:alice" } },
  ]);
});

test("a second issuer, and the cluster's own tokens, count beside it", async () => {
  expect(await whoAmI(await person("bob", partner))).toEqual({
    username: "bob",
    groups: ["readers", "system:authenticated"],
  });
  expect((await whoAmI(account)).username).toBe("system:serviceaccount:default:robot");
  expect((await whoAmI(stage.user("rita"))).username).toBe("rita");
});

describe("a token that does not count", () => {
  const now = () => Math.floor(Date.now() / 1000);
  const good = () => ({ sub: "alice", aud: clientId, exp: now() + 600 });
  const swapped = async () => {
    const [head, , signature] = (await company.logIn("alice")).split(".");
    const claims = { ...good(), iss: company.url, sub: "olga" };
    return `${head}.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.${signature}`;
  };
  test.each<readonly [string, () => Promise<string>, number, string]>([
    [
      "with claims that were changed",
      swapped,
      401,
      "the token of the issuer COMPANY has a signature that none of the issuer's keys made",
    ],
    [
      "with a reserved group",
      () => partner.logIn("mallory"),
      401,
      'the token of the issuer PARTNER brings the reserved name "system:masters"; --reserved-name allows exact names, PROXY_RESERVED_NAMES in a function',
    ],
    [
      "with a reserved username",
      () => partner.logIn("system:admin"),
      401,
      'the token of the issuer PARTNER brings the reserved name "system:admin"; --reserved-name allows exact names, PROXY_RESERVED_NAMES in a function',
    ],
    [
      "whose issuer cannot be reached",
      () => gone.sign(good()),
      503,
      "the request was not authenticated: the discovery document of the issuer GONE cannot be had (ECONNREFUSED); check url, discoveryURL and certificateAuthority",
    ],
  ])("%s", async (_what, tokenOf, status, reason) => {
    const token = await tokenOf();
    const mark = stage.auditMark();
    for (const http of [1, 2] as const) {
      const lines = ["authorization", `Bearer ${token}`];
      // Anonymous requests may read this path.
      const answer = await send(proxy, { http, path: "/version", lines });
      expect(answer.status).toBe(status);
      const sentence = reason.replace("COMPANY", company.url).replace("PARTNER", partner.url).replace("GONE", gone.url);
      expect(JSON.parse(answer.text).message).toBe(status === 401 ? "Unauthorized" : sentence);
      expect(header(answer, "content-type")).toBe("application/json");
      expect(lastEntry()).toMatchObject({ decision: "refused", status, reason: sentence });
      expect(lastEntry()).not.toHaveProperty("caller");
      expect(JSON.stringify(lastEntry())).not.toContain(token.slice(0, 20));
    }
    expect(eventsSince(mark)).toEqual([]);
    const { stderr, code } = await proxy.kubectl({ name: "bad", token }, ["get", "pods"]);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(status === 401 ? /Unauthorized|must be logged in/ : /cannot be had \(ECONNREFUSED\)/);
  });
});

test("an issuer that does not answer is 503 within the time for it", async () => {
  gone.faults.set(discoveryPath, { silent: true });
  const issuers = openTokenIssuers(
    JSON.stringify({
      apiVersion: "apiserver.config.k8s.io/v1",
      kind: "AuthenticationConfiguration",
      jwt: [
        {
          issuer: { url: gone.url, certificateAuthority: gone.ca, audiences: [clientId] },
          claimMappings: { username: { claim: "sub", prefix: "" } },
        },
      ],
    }),
    { uid: "passthrough" },
  );
  const slow = await stage.serve({ issuers });
  const lines = ["authorization", `Bearer ${await gone.sign({ sub: "a", aud: clientId, exp: 9_999_999_999 })}`];
  const { status, text } = await send(slow, { http: 2, path: "/version", lines });
  expect([status, JSON.parse(text).message]).toEqual([
    503,
    `the request was not authenticated: the discovery document of the issuer ${gone.url} did not come within 8000 ms`,
  ]);
});

test("keys that change are fetched, and tokens of the old ones no longer count", async () => {
  const before = await person("alice");
  expect((await whoAmI(before)).username).toBe("company:alice");
  await company.rotate();
  const after = await person("alice");
  await until("the new key counts", async () => (await proxy.kubectl(after, ["auth", "whoami"])).code === 0);
  expect((await whoAmI(after)).username).toBe("company:alice");
  expect((await proxy.kubectl(before, ["auth", "whoami"])).code).not.toBe(0);
});

test("an issuer that goes away does not lock out those whose keys are known", async () => {
  const bob = await person("bob", partner);
  await whoAmI(bob);
  await partner.close();
  expect((await whoAmI(bob)).username).toBe("bob");
});

describe("the command", () => {
  const written = (name: string, content: string): readonly string[] => {
    const file = join(folder, name);
    writeFileSync(file, content);
    return ["--authentication-config", file];
  };
  const config = (mappings: string): string =>
    `{apiVersion: apiserver.config.k8s.io/v1, kind: AuthenticationConfiguration, jwt: [{issuer: {url: "https://a", audiences: [a]}, claimMappings: {${mappings}}}]}`;
  test.each<readonly [string, () => readonly string[], string]>([
    [
      "a file that is not there",
      () => ["--authentication-config", join(folder, "none")],
      "none cannot be read (ENOENT)",
    ],
    ["no YAML", () => written("a", "{"), "a: is not valid YAML"],
    [
      "an expression",
      () => written("b", config("username: {expression: claims.s3cret}")),
      "b: jwt[0].claimMappings.username.expression is CEL, which this proxy does not evaluate; use claim and prefix",
    ],
    [
      "a uid without its option",
      () => written("c", config('username: {claim: sub, prefix: ""}, uid: {claim: oid}')),
      "c: jwt[0].claimMappings.uid.claim gives users a uid, which needs --uid impersonate",
    ],
    [
      "a name that is not reserved",
      () => ["--reserved-name", "alice"],
      "--reserved-name alice does not begin with system:",
    ],
  ])("refuses to start with %s", async (_what, argsOf, sentence) => {
    const args = ["--kubeconfig", stage.kubeconfigFile, "--actor", "actor", "--port", "0", ...argsOf()];
    const { status, stdout, stderr } = await runCommand("proxy", args);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toContain("s3cret");
    expect([status, stdout]).toEqual([2, ""]);
  });

  test("serves the tokens of a file, and the reserved names that are allowed", async () => {
    const args = ["--kubeconfig", stage.kubeconfigFile, "--actor", "actor", "--port", "0"];
    const { child, said } = startCommand("proxy", [
      ...[...args, "--authentication-config", configurationFile, "--uid", "impersonate"],
      ...["--reserved-name", "system:nodes", "--reserved-name", "system:node:a"],
    ]);
    try {
      await until("it listens", async () => said.stdout.includes("impersonates"));
      const [, url = ""] = /listening on (\S+)/.exec(said.stdout) ?? [];
      const lines = ["authorization", `Bearer ${await company.logIn("alice")}`];
      const path = "/api/v1/namespaces/default/pods";
      const [, caFile = ""] = /CA is in (\S+)/.exec(said.stdout) ?? [];
      const ca = readFileSync(caFile, "utf8");
      expect((await send({ url, ca }, { http: 2, path, lines })).status).toBe(200);
    } finally {
      child.kill("SIGTERM");
    }
  });
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { CheckResult } from "../../infra/doctor/check-result.ts";
import { applied } from "../cluster/world/applied.ts";
import { serviceAccount } from "../cluster/world/namespace.ts";
import { runCommand } from "../support/command.ts";
import { type BadProxy, type Fault, startBadProxy } from "./world/bad-proxy.ts";
import { impersonator, type Served, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let proxy: Served;
let account: { readonly token: string };
let bad: BadProxy | undefined;
const folder = mkdtempSync(join(tmpdir(), "proxy-doctor-"));
const at = (name: string): string => join(folder, name);
const auditLog = (): string => join(stage.connection.folder, "audit.log");
const actor = () => ["--actor", "actor", "--actor-kubeconfig", stage.kubeconfigFile];

beforeAll(async () => {
  stage = await startStage();
  proxy = await stage.serve();
  await applied(stage, [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "ci", namespace: "default" } },
    impersonator("rich-acts"),
    ...["rich-acts", "view-configmaps"].map((role) => ({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: `stranger-${role}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "zo\u00eb" }],
    })),
  ]);
  account = await serviceAccount(stage, "default", "ci");
});
afterEach(() => {
  bad?.close();
  bad = undefined;
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await stage?.stop();
});

interface Examined {
  readonly status: number | null;
  readonly results: readonly CheckResult[];
}

/** Runs the doctor with a user's token. */
const examine = async (
  token: string | undefined,
  front: { readonly url: string; readonly ca: string | undefined },
  ...more: readonly string[]
): Promise<Examined> => {
  writeFileSync(at("ca.pem"), front.ca ?? "");
  const config = JSON.parse(readFileSync(stage.kubeconfigFile, "utf8"));
  config.users = [{ name: "me", user: { token } }];
  config.contexts = [{ name: "prod", context: { cluster: "c", user: "me" } }];
  writeFileSync(at("config"), JSON.stringify(config), { mode: 0o600 });
  const args = ["--kubeconfig", at("config"), "--proxy", front.url, "--ca-bundle", at("ca.pem"), "-o", "json", ...more];
  const { status, stdout, stderr } = await runCommand("doctor", args, { environment: { HOME: "/nowhere" } });
  expect(stderr).toBe("");
  for (const secret of [token, stage.connection.tokens["proxy-actor"]]) expect(stdout).not.toContain(secret);
  return { status, results: JSON.parse(stdout) };
};
const tokenOf = (name: string): string | undefined => stage.connection.tokens[name];
const line = ({ status, check, message }: CheckResult): string => `${status} ${check}: ${message}`;

describe("this proxy", () => {
  /** A busy machine is slow. */
  const latency = /^(ok|warn) proxy-latency: GET \/version takes (\d+) ms through the proxy and (\d+) ms directly/;
  test("is in order for an ordinary user", async () => {
    const { status, results } = await examine(tokenOf("member"), proxy, "--audit-log", auditLog(), ...actor());
    expect(results.map(line)).toEqual([
      expect.stringMatching(/^ok proxy-tls: the certificate of localhost:\d+ \(.*\) ends on .*, in \d+ days$/),
      'ok proxy-identity: you are "member" directly and through the proxy, with the same groups, uid and extra',
      "ok proxy-impersonation: 9 ways to be another user were tried: 5 refused, 4 without effect",
      "ok proxy-anonymous: a request without a credential is answered as the API server answers it",
      "ok proxy-unknown-token: an unknown token is refused (401)",
      'ok proxy-actor: "proxy-actor" may impersonate, and nothing else that was looked at; "proxy-asker" asks',
      'ok proxy-audit: "proxy-actor" acts, and the audit log names "member" as the impersonated user',
      'ok proxy-audit: a third identity was not tried, because "member" may not impersonate through the proxy',
      expect.stringMatching(latency),
    ]);
    const [, verdict, through, directly] = latency.exec(results.map(line).at(-1) ?? "") ?? [];
    expect(verdict).toBe(Number(through) - Number(directly) > 100 ? "warn" : "ok");
    expect(status).toBe(0);
  });

  test("is in order for a service account, whose own token goes on", async () => {
    const { status, results } = await examine(account.token, proxy, "--audit-log", auditLog());
    expect(results.map(line)).toEqual(
      expect.arrayContaining([
        expect.stringContaining('ok proxy-identity: you are "system:serviceaccount:default:ci" directly and'),
        expect.stringContaining('ok proxy-audit: "system:serviceaccount:default:ci" went on with its own token'),
        expect.stringContaining("warn proxy-actor: the rights of the acting account were not checked"),
      ]),
    );
    expect(status).toBe(0);
  });

  test("names all three identities in the audit log for a user who may impersonate", async () => {
    const { status, results } = await examine(tokenOf("olga"), proxy, "--audit-log", auditLog());
    expect(results.map(line)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^warn proxy-impersonation: .* 2 were allowed, as the API server allows them/),
        'ok proxy-audit: the audit log names "olga" as the original user of an impersonation',
      ]),
    );
    expect(status).toBe(0);
  });

  test("is printed as the doctor's table", async () => {
    const args = ["--kubeconfig", at("config"), "--proxy", proxy.url, "--ca-bundle", at("ca.pem")];
    writeFileSync(at("ca.pem"), proxy.ca ?? "");
    const { status, stdout } = await runCommand("doctor", args, { environment: { HOME: "/nowhere" } });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^STATUS {2}CHECK +MESSAGE\nok +proxy-tls /);
    expect(stdout).toMatch(/^\d ok, \d to look at, 0 failed$/m);
  });

  test("whose acting account has other rights is found", async () => {
    const config = JSON.parse(readFileSync(stage.kubeconfigFile, "utf8"));
    config.users.push({ name: "rich", user: { token: tokenOf("zo\u00eb") } });
    config.users.push({ name: "gone", user: { token: "gone" } });
    writeFileSync(at("actors"), JSON.stringify(config), { mode: 0o600 });
    const examined = async (user: string) => {
      const { status, results } = await examine(
        ...([tokenOf("rita"), proxy, "--actor", user, "--actor-kubeconfig", at("actors")] as const),
      );
      return [status, results.filter(({ check }) => check === "proxy-actor").map(line)];
    };
    expect(await examined("rich")).toEqual([
      1,
      [
        expect.stringMatching(
          /^fail proxy-actor: the acting account "zo\u00eb" may do more than impersonate: .*list configmaps/,
        ),
      ],
    ]);
    expect(await examined("gone")).toEqual([
      1,
      [expect.stringContaining("does not accept the token of the acting account")],
    ]);
  });
});

test("a proxy without a fault, so that what follows is the fault's", async () => {
  bad = await startBadProxy(stage, {});
  const { status, results } = await examine(tokenOf("member"), bad, "--audit-log", auditLog());
  expect(results.filter(({ status: each }) => each === "fail").map(line)).toEqual([]);
  expect(status).toBe(0);
});

test("a user that only the proxy knows is not compared; the rest is", async () => {
  bad = await startBadProxy(stage, { ownUser: "oidc:alice" });
  const { status, results } = await examine("of-an-issuer", bad, "--audit-log", auditLog(), ...actor());
  expect(results.map(line)).toEqual(
    expect.arrayContaining([
      expect.stringContaining(
        'warn proxy-identity: you are "oidc:alice" through the proxy; the API server itself does',
      ),
      expect.stringContaining("ok proxy-impersonation: 9 ways"),
      'ok proxy-audit: "proxy-actor" acts, and the audit log names "oidc:alice" as the impersonated user',
    ]),
  );
  expect(status).toBe(0);
});

describe("the doctor finds a proxy that", () => {
  const days = (count: number): Date => new Date(Date.now() + count * 86_400_000);
  test.each<[string, () => Fault, string, string | RegExp]>([
    [
      "passes impersonation headers on",
      () => ({ passesImpersonation: true }),
      "member",
      'fail proxy-impersonation: Impersonate-User makes you "impersonation-admission:invented"',
    ],
    [
      "passes a forged original user on",
      () => ({ passesImpersonation: true }),
      "olga",
      'fail proxy-impersonation: a forged original user makes you "impersonation-admission:invented"',
    ],
    [
      "reads an underscore as a dash",
      () => ({ passesImpersonation: true, readsUnderscores: true }),
      "member",
      "fail proxy-impersonation: Impersonate_User, with an underscore makes you",
    ],
    [
      "lets a caller remove its headers",
      () => ({ obeysConnection: true }),
      "member",
      'fail proxy-impersonation: Connection, which names the impersonation headers makes you "proxy-actor"',
    ],
    [
      "believes in X-Remote-User",
      () => ({ believesRemoteUser: true }),
      "member",
      'fail proxy-impersonation: X-Remote-User makes you "impersonation-admission:invented"',
    ],
    [
      "drops groups",
      () => ({ dropsGroups: true }),
      "member",
      /^fail proxy-identity: you are another user through the proxy: groups is \[.*"readers".*\] directly and \["system:authenticated"\] through it$/,
    ],
    [
      "drops a uid",
      () => ({}),
      "ulf",
      'fail proxy-identity: you are another user through the proxy: uid is "u-1" directly and "" through it',
    ],
    [
      "makes requests without a credential with its own",
      () => ({ actsForNobody: true }),
      "member",
      'fail proxy-anonymous: a request without a credential is made as "proxy-actor"',
    ],
    [
      "takes an unknown token for none",
      () => ({ acceptsAnyToken: true }),
      "member",
      /^fail proxy-unknown-token: an unknown token is (accepted, as "system:anonymous"|answered 403, not 401)$/,
    ],
    [
      "does not impersonate",
      () => ({ doesNotImpersonate: true }),
      "member",
      'fail proxy-audit: the audit log holds "proxy-actor" without an impersonated user',
    ],
    [
      "acts as a cluster-admin",
      () => ({ account: tokenOf("admin") ?? "" }),
      "member",
      'fail proxy-audit: the acting account "admin" is in system:masters',
    ],
    [
      "acts with another account than it should",
      () => ({ account: tokenOf("zo\u00eb") ?? "" }),
      "member",
      'fail proxy-audit: the acting account in the audit log is "zo\u00eb", and not --actor, which is "proxy-actor"',
    ],
    [
      "passes the caller's address on",
      () => ({ passesAddress: true }),
      "member",
      "fail proxy-audit: the address that a caller writes into X-Forwarded-For is in sourceIPs",
    ],
    [
      "does not send the original user",
      () => ({ passesImpersonation: true }),
      "olga",
      'fail proxy-audit: the audit log does not name "olga", who asked to be another user',
    ],
    [
      "is slow",
      () => ({ milliseconds: 500 }),
      "member",
      /^warn proxy-latency: GET \/version takes ([5-9]\d\d|\d{4,}) ms through/,
    ],
    [
      "has a certificate that ends soon",
      () => ({ notAfter: days(3) }),
      "member",
      /^warn proxy-tls: the certificate of .* ends on .*, in [23] days$/,
    ],
  ])("%s", async (_, fault, user, expected) => {
    bad = await startBadProxy(stage, fault());
    const { status, results } = await examine(tokenOf(user), bad, "--audit-log", auditLog(), ...actor());
    const lines = results.map(line);
    expect(lines).toContainEqual(
      typeof expected === "string" ? expect.stringContaining(expected) : expect.stringMatching(expected),
    );
    expect(status).toBe(lines.some((each) => each.startsWith("fail")) ? 1 : 0);
    for (const { status: each, fix } of results) expect(fix === "").toBe(each === "ok");
  });

  test.each<[string, Fault, string]>([
    ["has a certificate that has ended", { notAfter: days(-1) }, "is not accepted: CERT_HAS_EXPIRED"],
    ["has a certificate of another name", { hosts: ["other.test"] }, "is not accepted: ERR_TLS_CERT_ALTNAME_INVALID"],
  ])("%s, and sends it no credential", async (_, fault, message) => {
    bad = await startBadProxy(stage, fault);
    const { status, results } = await examine(tokenOf("member"), bad);
    expect([status, results.map(line)]).toEqual([1, [expect.stringContaining(message)]]);
  });

  test("is signed by another CA", async () => {
    bad = await startBadProxy(stage, {});
    const { status, results } = await examine(tokenOf("member"), { url: bad.url, ca: proxy.ca });
    expect([status, results.map(({ check, fix }) => [check, fix])]).toEqual([
      1,
      [["proxy-tls", expect.stringContaining("give the CA that signed it with --ca-bundle")]],
    ]);
  });

  test("does not run", async () => {
    const { status, results } = await examine(tokenOf("member"), { url: "https://localhost:1", ca: proxy.ca });
    expect([status, results.map(line)]).toEqual([
      1,
      ["fail proxy-tls: localhost:1 cannot be reached over TLS (ECONNREFUSED)"],
    ]);
  });
});

test("an audit log of another API server is found", async () => {
  writeFileSync(at("empty.log"), "");
  const { status, results } = await examine(tokenOf("member"), proxy, "--audit-log", at("empty.log"));
  expect(status).toBe(1);
  expect(results.map(line)).toContainEqual(
    expect.stringMatching(/^fail proxy-audit: a request through the proxy is not in/),
  );
});

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { everyVersion } from "../cluster/harness/binaries.ts";
import type { Caller } from "../cluster/harness/caller.ts";
import { applied } from "../cluster/world/applied.ts";
import { serviceAccount } from "../cluster/world/namespace.ts";
import { runCommand } from "../support/command.ts";
import { type Served, type Stage, startStage } from "./world/stage.ts";

const namespace = "doors";
const folder = mkdtempSync(join(tmpdir(), "proxy-accounts-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The printed manifests. */
const printed = async (...args: readonly string[]): Promise<string> => {
  const { status, stdout } = await runCommand("manifests", ["--proxy", "--namespace", namespace, ...args]);
  expect(status).toBe(0);
  return stdout;
};

/** A kubeconfig whose two users are the printed accounts, with a token of each in a file. */
const kubeconfigOf = (stageFile: string, tokens: Readonly<Record<"asker" | "actor", string>>): string => {
  const config = JSON.parse(readFileSync(stageFile, "utf8"));
  config.users = Object.entries(tokens).map(([name, token]) => {
    const tokenFile = join(folder, `${name}.token`);
    writeFileSync(tokenFile, token, { mode: 0o600 });
    return { name, user: { tokenFile } };
  });
  const file = join(folder, "kubeconfig");
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
};

/** What an account may do beside what every service account of its namespace may. */
const ownRights = async (stage: Stage, caller: Caller): Promise<readonly string[]> => {
  const listed = async (as: Caller): Promise<readonly string[]> => {
    const { stdout } = await stage.kubectl(as, ["auth", "can-i", "--list", "--no-headers", "-n", namespace]);
    return stdout
      .split("\n")
      .map((line) => line.replace(/\s+/g, " ").trim())
      .filter((line) => line !== "");
  };
  const common = new Set(await listed(await serviceAccount(stage, namespace, "plain")));
  return (await listed(caller)).filter((line) => !common.has(line)).sort();
};

describe.each([
  {
    how: "the accounts of manifests --proxy",
    args: [],
    rights: [
      "*.authentication.k8s.io [] [] [impersonate]",
      "groups [] [] [impersonate]",
      "serviceaccounts [] [] [impersonate]",
      "users [] [] [impersonate]",
    ],
    isConstrained: false,
  },
  {
    how: "the accounts of manifests --proxy --constrained",
    args: ["--constrained"],
    rights: [
      "*.* [] [] [impersonate-on:user-info:get impersonate-on:user-info:list impersonate-on:user-info:watch impersonate-on:user-info:create impersonate-on:user-info:update impersonate-on:user-info:patch impersonate-on:user-info:delete impersonate-on:user-info:deletecollection]",
      "*.authentication.k8s.io [] [] [impersonate:user-info]",
      ...["delete", "get", "head", "options", "patch", "post", "put"].map(
        (verb) => `[*] [] [impersonate-on:user-info:${verb}]`,
      ),
    ],
    isConstrained: true,
  },
])("$how", ({ args, rights, isConstrained }) => {
  let stage: Stage;
  let proxy: Served;
  let asker: Caller;
  let actor: Caller;

  beforeAll(async () => {
    stage = await startStage();
    await applied(stage, [
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "plain", namespace } },
    ]);
    await applied(stage, await printed(...args));
    const token = async (name: string): Promise<string> => {
      const how = ["create", "token", name, "--namespace", namespace, "--duration", "24h"];
      return (await stage.kubectl(stage.user("admin"), how)).stdout.trim();
    };
    asker = { name: "proxy-asker", token: await token("proxy-asker") };
    actor = { name: "proxy-actor", token: await token("proxy-actor") };
    const kubeconfig = kubeconfigOf(stage.kubeconfigFile, { asker: asker.token, actor: actor.token });
    // The start check reads the rules of both.
    proxy = await stage.serve({ kubeconfig });
  });
  afterAll(() => stage?.stop());

  test("pass the check at the start, without a warning", () => {
    expect([proxy.accounts, proxy.warnings]).toEqual([
      [
        expect.objectContaining({
          asker: `system:serviceaccount:${namespace}:proxy-asker`,
          actor: `system:serviceaccount:${namespace}:proxy-actor`,
        }),
      ],
      [],
    ]);
  });

  test("let kubectl work through the proxy: every verb, paths, many groups, a nested impersonation", async () => {
    const run = async (user: string, ...command: readonly string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await proxy.kubectl(stage.user(user), command);
      return code === 0 ? stdout.trim() : stderr.trim();
    };
    const map = ["configmap", "made-through-the-proxy"];
    expect(await run("olga", "create", ...map)).toBe("configmap/made-through-the-proxy created");
    expect(await run("olga", "label", ...map, "a=b")).toBe("configmap/made-through-the-proxy labeled");
    expect(await run("rita", "get", ...map, "-o", "name")).toBe("configmap/made-through-the-proxy");
    expect(await run("member", "get", ...map, "-o", "name")).toBe("configmap/made-through-the-proxy");
    expect(await run("rita", "get", "configmaps", "-o", "name", "--watch", "--request-timeout=5s")).toContain(map[1]);
    expect(await run("olga", "--as", "rita", "get", ...map, "-o", "name")).toBe("configmap/made-through-the-proxy");
    expect(await run("olga", "--as", "rita", "get", "secrets")).toContain('User "rita" cannot list resource "secrets"');
    expect(await run("olga", "get", "--raw", "/version")).toContain("gitVersion");
    expect(await run("olga", "delete", ...map)).toContain("deleted");
    expect(await run("olga", "delete", "configmaps", "--all", "-n", namespace)).toContain("No resources found");
  });

  test("hold no other rights", async () => {
    expect(await ownRights(stage, actor)).toEqual(rights);
    expect(await ownRights(stage, asker)).toEqual([
      "subjectaccessreviews.authorization.k8s.io [] [] [create]",
      "tokenreviews.authentication.k8s.io [] [] [create]",
    ]);
    const mayRead = async (caller: Caller, name: string): Promise<boolean> =>
      (await stage.api(caller, { path: `/api/v1/namespaces/kube-system/configmaps/${name}` })).status !== 403;
    const names = ["extension-apiserver-authentication", "kube-root-ca.crt"];
    expect(await Promise.all([asker, actor].flatMap((caller) => names.map((name) => mayRead(caller, name))))).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("leave the acting account without any answer but as another user, by the audit log", async () => {
    const mark = stage.auditMark();
    const requests = [
      { path: "/api/v1/secrets" },
      { path: `/api/v1/namespaces/${namespace}/serviceaccounts` },
      { method: "POST", path: `/api/v1/namespaces/${namespace}/configmaps`, body: { metadata: { name: "a" } } },
      { method: "POST", path: `/api/v1/namespaces/${namespace}/serviceaccounts/plain/token`, body: {} },
      { path: "/metrics" },
    ] as const;
    for (const request of requests) expect((await stage.api(actor, request)).status).toBe(403);
    const as = { ...actor, impersonate: { user: "rita", groups: ["system:authenticated"] } };
    expect((await stage.kubectl(as, ["get", "configmaps"])).code).toBe(0);
    const seen = stage
      .auditEvents(mark)
      .filter(({ user }) => user.username.endsWith(":proxy-actor"))
      .filter(({ responseStatus }) => (responseStatus?.code ?? 0) < 400);
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen.map(({ impersonatedUser }) => impersonatedUser?.username))).toEqual(new Set(["rita"]));
  });

  const direct = (user: string, groups: readonly string[]) =>
    stage.kubectl({ ...actor, impersonate: { user, groups } }, ["get", "configmaps"]);

  test("the API server refuses system:masters exactly where impersonation is constrained", async () => {
    const { code, stderr } = await direct("rita", ["system:masters"]);
    if (isConstrained) expect(stderr).toContain("impersonating the system:masters group is not allowed");
    expect(code === 0).toBe(!isConstrained);
  });

  test.each([
    ["a member of system:masters", "root", [], "impersonating the system:masters group is not allowed"],
    ["a node", "system:node:one", [], 'cannot impersonate resource "users"'],
    ["--as a service account", "olga", ["--as", `system:serviceaccount:${namespace}:plain`], "cannot impersonate"],
    ["an extra key without a domain", "olga", ["--as", "rita", "--as-user-extra", "scopes=a"], "invalid key in extra"],
  ])("%s works, except where impersonation is constrained", async (_, user, options, sentence) => {
    const create = ["create", "--raw", "/apis/authentication.k8s.io/v1/selfsubjectreviews", "-f", "-"];
    const stdin = { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" };
    const { code, stderr } = await proxy.kubectl(stage.user(user), [...options, ...create], { stdin });
    if (isConstrained) expect(stderr).toContain(sentence);
    expect([code, stderr === ""]).toEqual(isConstrained ? [1, false] : [0, true]);
  });

  test("a service account goes on with its own token", async () => {
    const plain = await serviceAccount(stage, namespace, "plain");
    const { stdout } = await proxy.kubectl(plain, ["auth", "whoami"]);
    expect(stdout).toContain(`system:serviceaccount:${namespace}:plain`);
  });
});

test("the start is refused where the API server does not know constrained impersonation", async () => {
  const stage = await startStage([], everyVersion.at(-1));
  try {
    await applied(stage, [{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }]);
    await applied(stage, await printed("--constrained"));
    const tokens = {
      asker: (await serviceAccount(stage, namespace, "proxy-asker")).token,
      actor: (await serviceAccount(stage, namespace, "proxy-actor")).token,
    };
    await expect(stage.serve({ kubeconfig: kubeconfigOf(stage.kubeconfigFile, tokens) })).rejects.toThrow(
      /answered 403 .* with --constrained the cluster must be Kubernetes 1\.36 or later/,
    );
  } finally {
    await stage.stop();
  }
});

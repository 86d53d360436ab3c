import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ask, accessOf } from "../../functions/access/access.ts";
import { readKubeconfig } from "../../functions/access/kubeconfig.ts";
import { awsCaller } from "../../functions/aws/call.ts";
import type { AwsCredentials } from "../../functions/aws/credentials.ts";
import { eksTokens } from "../../functions/aws/eks-token.ts";
import { impersonationQuestion } from "../../lib/identity/question.ts";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import { freePorts } from "../cluster/harness/free-ports.ts";
import { type Guarded, startGuarded } from "../cluster/harness/guarded.ts";
import { authenticator, environmentOf } from "./parts/authenticator.ts";
import { settingsOf } from "./parts/settings.ts";
import { type Sts, startSts } from "./parts/sts.ts";

const session = (name: string): AwsCredentials => ({
  accessKeyId: `ASIA${name.toUpperCase()}`,
  secretAccessKey: `secret of ${name}`,
  sessionToken: `session/of+${name}=`,
});
const arn = (role: string) => `arn:aws:sts::123456789012:assumed-role/${role}/admission`;
const mapping = (role: string) => ({ roleARN: `arn:aws:iam::123456789012:role/${role}`, username: role, groups: [] });

/** For whoever has no control plane yet: it is built first. */
const buildWithin = 1_800_000;

let sts: Sts;
let webhook: Guarded;
let plane: ControlPlane & { readonly stop: () => Promise<void> };

/** aws-iam-authenticator as the token webhook, knowing two roles; answers with the kubeconfig that it wrote for the API server. */
const startWebhook = async (): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), "token-webhook-"));
  const at = (name: string): string => join(folder, name);
  const [port] = await freePorts(1);
  mkdirSync(at("state"));
  const roles = ["guard", "idle"].map(mapping);
  const server = { port, mapRoles: roles, stateDir: at("state"), generateKubeconfig: at("kubeconfig") };
  writeFileSync(at("config.json"), JSON.stringify({ clusterID: "prod", server }));
  const variables = Object.entries(environmentOf(sts)).map(([name, value]) => `${name}=${value}`);
  const command = [...variables, authenticator, "server", "--config", at("config.json")];
  webhook = startGuarded(folder, "aws-iam-authenticator", "env", command);
  for (let tries = 100; tries > 0; tries -= 1) {
    if (webhook.tail().includes("listening on")) return at("kubeconfig");
    await sleep(100);
  }
  throw new Error(webhook.tail());
};

beforeAll(async () => {
  sts = await startSts(["guard", "idle", "unmapped"].map((name) => ({ credentials: session(name), arn: arn(name) })));
  const file = await startWebhook();
  plane = await startControlPlane({ flags: [`--authentication-token-webhook-config-file=${file}`] });
  const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
  const apiGroup = "rbac.authorization.k8s.io";
  const metadata = { name: "guard" };
  const rules = [{ apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] }];
  const path = `/apis/${rbac.apiVersion}`;
  for (const [plural, body] of [
    ["clusterroles", { ...rbac, kind: "ClusterRole", metadata, rules }],
    [
      "clusterrolebindings",
      {
        ...rbac,
        kind: "ClusterRoleBinding",
        metadata,
        roleRef: { apiGroup, kind: "ClusterRole", name: "guard" },
        subjects: [{ apiGroup, kind: "User", name: "guard" }],
      },
    ],
  ] as const)
    expect(await plane.api(plane.user("admin"), { method: "POST", path: `${path}/${plural}`, body })).toMatchObject({
      status: 201,
    });
}, buildWithin);
afterAll(async () => {
  await plane?.stop();
  await webhook?.stop();
  await sts?.close();
});

/** What `aws eks update-kubeconfig` writes for a cluster, asked as a function whose role is this one. */
const askAs = (role: string, cluster = "prod"): Ask => {
  const settings = settingsOf(session(role));
  const { url, caPem } = plane.connection;
  const name = `arn:aws:eks:eu-west-1:123456789012:cluster/${cluster}`;
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1beta1",
    command: "aws",
    args: ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", cluster, "--output", "json"],
  };
  const ca = Buffer.from(caPem).toString("base64");
  const text = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": ca } }],
    users: [{ name, user: { exec } }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
  return accessOf(readKubeconfig(text, "/"), name, eksTokens(settings, awsCaller(settings)));
};

const alice = { username: "alice", uid: "", groups: ["system:authenticated"], extra: {} };
const mayBeBob = impersonationQuestion(alice, "bob");
const ask = (role: string, cluster?: string) => askAs(role, cluster)([mayBeBob], Date.now() + 10_000);

describe("an API server that knows us by our role", () => {
  test("answers", async () => {
    expect(await ask("guard")).toEqual([{ allowed: false, reason: expect.any(String) }]);
    expect(webhook.tail()).toContain("access granted");
    expect(sts.asked).toContain("sts.eu-west-1.amazonaws.com");
  });

  test("answers yes where that is so", async () => {
    const admin = { ...alice, groups: ["system:masters"] };
    const answers = await askAs("guard")([impersonationQuestion(admin, "bob")], Date.now() + 10_000);
    expect(answers).toMatchObject([{ allowed: true }]);
  });

  test("knows the role by the name that it is mapped to, and needs its permission", async () => {
    const [answer] = await ask("idle");
    expect(answer).toMatchObject({
      code: 502,
      failure: expect.stringContaining("may not create subjectaccessreviews"),
    });
    expect(answer).toMatchObject({ failure: expect.stringContaining('User "idle"') });
  });

  test("knows no role that is not mapped, and no token for another cluster", async () => {
    const refused = [{ code: 502, failure: expect.stringContaining("were refused (401)") }];
    expect(await ask("unmapped")).toMatchObject(refused);
    expect(await ask("guard", "test")).toMatchObject(refused);
  });
});

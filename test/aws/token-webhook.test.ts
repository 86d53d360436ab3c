import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsCaller } from "../../functions/aws/aws-caller.ts";
import { eksTokens } from "../../functions/aws/eks-token.ts";
import { type Ask, askOf } from "../../functions/cluster/ask.ts";
import { openConnection } from "../../functions/cluster/connection.ts";
import { readKubeconfig } from "../../functions/cluster/kubeconfig.ts";
import { impersonationQuestion } from "../../lib/question/question.ts";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import { settingsOf } from "./parts/settings.ts";
import { type Sts, startSts } from "./parts/sts.ts";
import { eksUser, identityOf, sessionOf, startTokenWebhook, type TokenWebhook } from "./parts/token-webhook.ts";

/** The hook may build the control plane first. */
const buildWithin = 1_800_000;

let sts: Sts;
let webhook: TokenWebhook;
let plane: ControlPlane & { readonly stop: () => Promise<void> };

beforeAll(async () => {
  sts = await startSts(["guard", "idle", "unmapped"].map(identityOf));
  webhook = await startTokenWebhook(sts, ["guard", "idle"]);
  plane = await startControlPlane({ flags: [`--authentication-token-webhook-config-file=${webhook.kubeconfig}`] });
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

/** Asks a cluster of a kubeconfig as `aws eks update-kubeconfig` writes it, as a function with this role. */
const askAs = (role: string, cluster = "prod"): Ask => {
  const settings = settingsOf(sessionOf(role));
  const { url, caPem } = plane.connection;
  const name = `arn:aws:eks:eu-west-1:123456789012:cluster/${cluster}`;
  const ca = Buffer.from(caPem).toString("base64");
  const text = JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name, cluster: { server: url, "certificate-authority-data": ca } }],
    users: [{ name, user: eksUser(cluster) }],
    contexts: [{ name, context: { cluster: name, user: name } }],
  });
  const plugins = { mint: eksTokens(settings, awsCaller(settings)), region: settings.region };
  return askOf(openConnection(readKubeconfig(text, "/"), name, { plugins, serverIsEks: true }));
};

const alice = { username: "alice", uid: "", groups: ["system:authenticated"], extra: {} };
const mayBeBob = impersonationQuestion(alice, "bob");
const ask = (role: string, cluster?: string) => askAs(role, cluster)([mayBeBob], Date.now() + 60_000);

describe("an API server that maps our role to a user", () => {
  test("answers", async () => {
    expect(await ask("guard")).toEqual([{ allowed: false, reason: expect.any(String) }]);
    expect(webhook.tail()).toContain("access granted");
    expect(sts.asked).toContain("sts.eu-west-1.amazonaws.com");
  });

  test("answers yes where RBAC allows it", async () => {
    const admin = { ...alice, groups: ["system:masters"] };
    const answers = await askAs("guard")([impersonationQuestion(admin, "bob")], Date.now() + 60_000);
    expect(answers).toMatchObject([{ allowed: true }]);
  });

  test("takes the role for the user that it is mapped to, and checks that user's permission", async () => {
    const [answer] = await ask("idle");
    expect(answer).toMatchObject({
      code: 502,
      failure: expect.stringContaining("may not create subjectaccessreviews"),
    });
    expect(answer).toMatchObject({ failure: expect.stringContaining('User "idle"') });
  });

  test("refuses a role that is not mapped, and a token for another cluster", async () => {
    const refused = [{ code: 502, failure: expect.stringContaining("were refused (401)") }];
    expect(await ask("unmapped")).toMatchObject(refused);
    expect(await ask("guard", "test")).toMatchObject(refused);
  });
});

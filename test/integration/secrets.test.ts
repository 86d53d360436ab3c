import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openRegistry } from "../../functions/registry/open-registry.ts";
import { readSettings } from "../../functions/settings.ts";
import { logLine } from "../../functions/telemetry/log-line.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { type Log, splitEntry } from "../../functions/webhook/log-entries.ts";
import { webhookClusters } from "../../functions/webhook/webhook-cluster.ts";
import { openCluster } from "../../infra/cluster/api-client.ts";
import { whoIs } from "../../infra/doctor/site.ts";
import { json, type Peer, startPeer } from "../support/api-server-peer.ts";
import { httpApi } from "../support/gateway-events.ts";
import { guarded } from "../support/guarded.ts";
import { reviewText } from "../support/reviews.ts";

const secret = "S3cr3tMark";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

let peer: Peer;
const folder = mkdtempSync(join(tmpdir(), "secrets-"));
const file = join(folder, "registry");

beforeAll(async () => {
  peer = await startPeer(json(401, { kind: "Status", message: "Unauthorized" }));
  writeFileSync(join(folder, "token"), secret);
  writeFileSync(join(folder, "tokens"), `${secret}\n${secret}`);
});
afterAll(async () => {
  await peer.close();
  rmSync(folder, { recursive: true });
});

interface Members {
  readonly cluster?: object;
  readonly user?: unknown;
  readonly extension?: unknown;
  readonly top?: object;
}

const registry = ({ cluster, user = { token: "t" }, extension, top }: Members): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: peer.url, "certificate-authority-data": peer.caData, ...cluster } }],
    users: [{ name: "u", user }],
    contexts: [
      {
        name: "prod",
        context: {
          cluster: "c",
          user: "u",
          extensions: [
            {
              name: "impersonation-admission",
              extension: extension ?? { keys: [hashOfKey("key")], serverIsEks: true },
            },
          ],
        },
      },
    ],
    "current-context": "prod",
    ...top,
  });

const exec = (more: object) => ({
  exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command: "/nowhere/aws", ...more },
});
const eks = (args: readonly string[], more: object = {}) =>
  exec({ args: ["eks", "get-token", "--cluster-name", "prod", "--region", "eu-west-1", ...args], ...more });
const ours = (more: object) => ({ keys: [hashOfKey("key")], ...more });

/** All that the function with a registry puts out, as one text: its log, its readiness and its answer. */
const allOutput = async (setting: string): Promise<string> => {
  const output: unknown[] = [];
  const log: Log = (entry) => void output.push(entry, logLine(splitEntry(entry), "guard", 0));
  const settings = readSettings({ REGISTRY: setting, AWS_LAMBDA_FUNCTION_NAME: "guard" });
  const dependencies = { registry: openRegistry(settings, webhookClusters, log), log };
  const { send } = guarded({ dependencies });
  output.push(await send(httpApi({ method: "GET", path: "/readyz" })));
  for (const key of ["key", secret])
    output.push(await send(httpApi({ path: `/clusters/prod/${key}/mutate`, body: reviewText() })));
  output.push(dependencies.registry.problems);
  return JSON.stringify(output);
};

/** The output of a command that opens the same file. */
const commandOutput = async (asks: boolean): Promise<string> => {
  try {
    const api = openCluster(file, undefined, { asks });
    const user = await whoIs(api);
    api.close();
    return JSON.stringify(user);
  } catch (error) {
    return String(error);
  }
};

const places: readonly (readonly [name: string, text: () => string])[] = [
  ...(
    [
      ["a token that is refused", () => ({ user: { token: secret } })],
      ["a token with a line break", () => ({ user: { token: `${secret}\nx` } })],
      ["a token in a list", () => ({ user: { token: [secret] } })],
      ["a token as the user", () => ({ user: secret })],
      ["a file with a token that is refused", () => ({ user: { tokenFile: "token" } })],
      ["a file with two tokens", () => ({ user: { tokenFile: "tokens" } })],
      ["a token as the path of a file", () => ({ user: { tokenFile: secret } })],
      ["a password", () => ({ user: { username: secret, password: secret } })],
      ["an auth-provider", () => ({ user: { "auth-provider": { name: "oidc", config: { "id-token": secret } } } })],
      ["a client certificate that is not base64", () => ({ user: { "client-certificate-data": `-${secret}` } })],
      ["a client certificate that is not PEM", () => ({ user: { "client-certificate-data": base64(secret) } })],
      [
        "a client key that is not PEM",
        () => ({ user: { "client-certificate-data": peer.caData, "client-key-data": base64(secret) } }),
      ],
      ["a client key as the path of a file", () => ({ user: { "client-certificate": "token", "client-key": secret } })],
      [
        "a certificate authority that is not PEM",
        () => ({ cluster: { "certificate-authority-data": base64(secret) } }),
      ],
      [
        "a certificate authority as the path of a file",
        () => ({ cluster: { "certificate-authority-data": "", "certificate-authority": secret } }),
      ],
      ["a user in the server", () => ({ cluster: { server: `https://admin:${secret}@127.0.0.1` } })],
      ["a query of the server", () => ({ cluster: { server: `https://127.0.0.1/?token=${secret}` } })],
      ["a server that is not a URL", () => ({ cluster: { server: secret } })],
      ["a path of the server", () => ({ cluster: { server: `${peer.url}/${secret}` } })],
      ["a proxy", () => ({ cluster: { "proxy-url": `http://admin:${secret}@127.0.0.1` } })],
      ["a name for the certificate", () => ({ cluster: { "tls-server-name": secret } })],
      ["arguments of a plugin", () => ({ user: exec({ args: ["-c", `echo ${secret}`] }) })],
      ["variables of a plugin", () => ({ user: exec({ env: [{ name: "TOKEN", value: secret }] }) })],
      ["a variable of a plugin that is a list", () => ({ user: exec({ env: [{ name: "TOKEN", value: [secret] }] }) })],
      ["an argument of an EKS plugin", () => ({ user: eks([secret]) })],
      ["an option of an EKS plugin", () => ({ user: eks([`--${secret}`]) })],
      ["an attached option of an EKS plugin", () => ({ user: eks([`-p${secret}`]) })],
      ["the value of an EKS plugin's option", () => ({ user: eks([`--profile=${secret}`]) })],
      ["an EKS plugin's role", () => ({ user: eks(["--role-arn", secret]) })],
      ["a variable of an EKS plugin", () => ({ user: eks([], { env: [{ name: "AWS_PROFILE", value: secret }] }) })],
      ["the name of such a variable", () => ({ user: eks([], { env: [{ name: secret, value: "x" }] }) })],
      ["an EKS plugin's region", () => ({ user: eks([], { env: [{ name: "AWS_REGION", value: secret }] }) })],
      ["a key in place of its hash", () => ({ extension: { keys: [secret] } })],
      ["a key in place of the list", () => ({ extension: { keys: secret } })],
      ["the extension", () => ({ extension: secret })],
      ["the policy", () => ({ extension: ours({ policy: secret }) })],
      ["the name in the URL", () => ({ extension: ours({ name: `${secret}/` }) })],
      ["serverIsEks", () => ({ extension: ours({ serverIsEks: secret }) })],
      ["a member of the extension", () => ({ extension: ours({ [secret]: secret }) })],
      ["the kind", () => ({ top: { kind: secret } })],
      ["the users", () => ({ top: { users: secret } })],
      ["the contexts", () => ({ top: { contexts: [secret] } })],
    ] as const satisfies readonly (readonly [string, () => Members])[]
  ).map(([name, members]) => [name, () => registry(members())] as const),
  ["all of the document", () => secret],
  ["a list", () => `[${secret}]`],
  ["a secret of key and value", () => JSON.stringify({ kubeconfig: registry({ user: { token: secret } }) })],
  ["a second document", () => `${registry({})}\n---\ntoken: ${secret}`],
  ["JSON that breaks off", () => registry({ user: { token: secret } }).slice(0, -3)],
  ["YAML that breaks off", () => `users:\n- user:\n    token: "${secret}`],
  ["an alias in YAML", () => `users:\n- user:\n    token: *${secret}`],
  ["a tag in YAML", () => `users:\n- user:\n    token: !!int ${secret}`],
  ["a tag's handle in YAML", () => `users:\n- user:\n    token: !${secret}!x y`],
  ["text after dashes in YAML", () => `users: []\n--- ${secret}\n`],
];

describe("a secret is in no output, wherever it stands", () => {
  test.each(places)("%s", async (_, text) => {
    writeFileSync(file, text());
    const outputs = [await allOutput(file), await commandOutput(true), await commandOutput(false)];
    for (const output of outputs) {
      expect(output).not.toContain(secret);
      expect(output).not.toContain(base64(secret));
    }
  });

  test.each([
    ["a whole registry, in JSON", () => registry({ user: { token: secret } })],
    ["a whole registry, in YAML", () => `apiVersion: v1\nusers: [{name: u, user: {token: ${secret}}}]`],
    ["a whole registry after file:", () => `file:${registry({ user: { token: secret } })}`],
    ["a token", () => `eyJhbGciOiJIUzI1NiJ9.${secret}`],
    ["a token after another scheme", () => `token:${secret}`],
  ])("the setting REGISTRY: %s", async (_, setting) => {
    expect(await allOutput(setting())).not.toContain(secret);
  });
});

test("the test finds a text that is shown", async () => {
  writeFileSync(file, registry({ top: { contexts: [{ name: secret }] } }));
  expect(await allOutput(file)).toContain(secret);
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { awsCaller } from "../../functions/aws/aws-caller.ts";
import type { AwsCredentials } from "../../functions/aws/own-credentials.ts";
import { mergeRegistry } from "../../functions/registry/merge-registry.ts";
import { type RegistryDocument, registrySource } from "../../functions/registry/registry-source.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { webhookClusters } from "../../functions/webhook/webhook-cluster.ts";
import { account, type Moto, startMoto } from "./parts/moto.ts";
import { settingsOf } from "./parts/settings.ts";

let moto: Moto;
let reader: AwsCredentials;
let stranger: AwsCredentials;
let ciphered: string;

/** A kubeconfig with a context for each name, with chosen keys. */
const kubeconfig = (...names: readonly string[]) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: names.map((name) => ({ name, cluster: { server: `https://${name}.eks.amazonaws.com` } })),
    users: [
      { name: "function", user: { exec: { command: "aws", args: ["eks", "get-token", "--cluster-name", "c"] } } },
    ],
    contexts: names.map((name) => ({
      name,
      context: {
        cluster: name,
        user: "function",
        extensions: [{ name: "impersonation-admission", extension: { keys: [hashOfKey(name)] } }],
      },
    })),
  });
const noTokens = { mint: () => expect.unreachable("no token is minted"), region: undefined };
const clustersOf = (documents: readonly RegistryDocument[]) => {
  const { clusters, problems } = mergeRegistry(documents, noTokens, webhookClusters);
  expect(problems).toEqual([]);
  return [...clusters.keys()];
};

const twelve = Array.from({ length: 12 }, (_, index) => `cluster-${String(index + 1).padStart(2, "0")}`);

beforeAll(async () => {
  moto = await startMoto();
  const actions = ["secretsmanager:GetSecretValue", "ssm:GetParametersByPath"];
  reader = await moto.session(await moto.role("function", [{ Action: actions, Resource: "*" }]));
  stranger = await moto.session(await moto.role("stranger", []));
  const secret = { Name: "admission/clusters", SecretString: kubeconfig("one", "two", "three") };
  const { ARN } = (await moto.json("secretsmanager", "secretsmanager.CreateSecret", secret)) as { ARN: string };
  ciphered = ARN;
  for (const name of [...twelve].reverse())
    await moto.json("ssm", "AmazonSSM.PutParameter", {
      Name: `/admission/${name < "cluster-07" ? "eu" : "us"}/${name}`,
      Value: kubeconfig(name),
      Type: "SecureString",
    });
  await moto.json("ssm", "AmazonSSM.PutParameter", { Name: "/admission-2/other", Value: "other", Type: "String" });
});
afterAll(() => moto?.stop());

const load = (setting: string, credentials = reader, more: NodeJS.ProcessEnv = { AWS_ENDPOINT_URL: moto.url }) =>
  registrySource(setting, awsCaller(settingsOf(credentials, more)), "REGISTRY")(Date.now() + 60_000);

describe("a secret", () => {
  test.each([
    ["its name", () => "admission/clusters"],
    ["its ARN", () => ciphered],
  ])("by %s", async (_, name) => {
    const documents = await load(`secretsmanager:${name()}`);
    expect(documents).toMatchObject([{ text: kubeconfig("one", "two", "three") }]);
    expect(clustersOf(documents)).toEqual(["one", "two", "three"]);
  });

  test("that does not exist", async () => {
    await expect(load("secretsmanager:nothing")).rejects.toThrow(
      /^the registry secretsmanager:nothing cannot be read: Secrets Manager in eu-west-1 answered 4\d\d \(ResourceNotFoundException\); there is no secret of this name$/,
    );
  });

  test("that the role may not read", async () => {
    await expect(load("secretsmanager:admission/clusters", stranger)).rejects.toThrow(
      /answered 403 \(AccessDenied\w*\); allow the function's role secretsmanager:GetSecretValue/,
    );
  });

  test("in another region than the function", async () => {
    const arn = `arn:aws:secretsmanager:us-east-2:${account}:secret:elsewhere-AbCdEf`;
    await expect(load(`secretsmanager:${arn}`)).rejects.toThrow("Secrets Manager in us-east-2 answered");
  });
});

describe("a path of parameters", () => {
  test.each(["/admission", "/admission/"])("%s: all pages, decrypted, each its own kubeconfig", async (path) => {
    const documents = await load(`ssm:${path}`);
    expect(documents.map(({ text }) => text)).toEqual(twelve.map((name) => kubeconfig(name)));
    expect(documents[0]?.origin).toBe("parameter /admission/eu/cluster-01");
    expect(clustersOf(documents)).toEqual(twelve);
  });

  test("that is empty", async () => {
    await expect(load("ssm:/nothing")).rejects.toThrow(
      "the registry ssm:/nothing cannot be read: there are no parameters below /nothing",
    );
  });

  test("that the role may not read", async () => {
    await expect(load("ssm:/admission", stranger)).rejects.toThrow(
      /Systems Manager in eu-west-1 answered 403 \(AccessDenied\w*\); allow the function's role ssm:GetParametersByPath/,
    );
  });
});

describe("a wrong signature gets no answer", () => {
  test.each([
    [
      "the secret",
      (credentials: AwsCredentials) => ({ ...credentials, secretAccessKey: "other" }),
      "SignatureDoesNotMatch",
    ],
    [
      "the key",
      (credentials: AwsCredentials) => ({ ...credentials, accessKeyId: "ASIAOTHER" }),
      "InvalidClientTokenId",
    ],
  ])("with %s", async (_, changed, code) => {
    for (const setting of ["secretsmanager:admission/clusters", "ssm:/admission"]) {
      const loaded = load(setting, changed(reader));
      await expect(loaded).rejects.toThrow(`answered 403 (${code})`);
      await expect(loaded).rejects.not.toThrow(reader.sessionToken);
    }
  });
});

test("each service is called at its own endpoint", async () => {
  const nowhere = "http://127.0.0.1:1";
  const more = { AWS_ENDPOINT_URL: nowhere, AWS_ENDPOINT_URL_SSM: moto.url };
  expect(await load("ssm:/admission", reader, more)).toHaveLength(12);
  await expect(load("secretsmanager:admission/clusters", reader, more)).rejects.toThrow(
    "Secrets Manager in eu-west-1 cannot be reached (ECONNREFUSED)",
  );
});

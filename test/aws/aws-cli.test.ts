import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseDocument } from "yaml";
import type { AwsCall } from "../../functions/aws/aws-caller.ts";
import { eksToken, type MintToken } from "../../functions/aws/eks-token.ts";
import type { EksTokenRequest } from "../../functions/aws/eks-token-request.ts";
import type { AwsCredentials } from "../../functions/aws/own-credentials.ts";
import { checkedContext } from "../../functions/cluster/checked-context.ts";
import { readKubeconfig } from "../../functions/cluster/kubeconfig.ts";
import { mergeRegistry } from "../../functions/registry/merge-registry.ts";
import { registrySource } from "../../functions/registry/registry-source.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { webhookClusters } from "../../functions/webhook/webhook-cluster.ts";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { account, type Moto, startMoto } from "./parts/moto.ts";
import { python } from "./parts/python.ts";

const noCalls: AwsCall = () => expect.unreachable("AWS was called");

let moto: Moto;
let folder: string;
let operator: AwsCredentials;
let file: string;

const run = promisify(execFile);

/** The AWS CLI as an operator runs it, without the configuration of the user who runs this test. */
const aws = async (args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<string> => {
  const env = {
    PATH: process.env["PATH"],
    HOME: folder,
    AWS_ACCESS_KEY_ID: operator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: operator.secretAccessKey,
    AWS_SESSION_TOKEN: operator.sessionToken,
    AWS_ENDPOINT_URL: moto.url,
    ...more,
  };
  return (await run(python("aws"), args, { env })).stdout;
};

const role = `arn:aws:iam::${account}:role/cluster-reader`;
const clusters = [
  { name: "prod", region: "eu-west-1", options: [] },
  { name: "test", region: "us-east-2", options: [] },
  { name: "shared", region: "eu-west-1", options: ["--role-arn", role] },
];

beforeAll(async () => {
  // moto takes the CLI's own GET requests for forged ones.
  moto = await startMoto({ checks: false });
  folder = await mkdtemp(join(tmpdir(), "aws-cli-"));
  operator = await moto.session(await moto.role("operator", [{ Action: "*", Resource: "*" }]));
  file = join(folder, "kubeconfig");
  for (const { name, region, options } of clusters) {
    const create = ["--region", region, "eks", "create-cluster", "--name", name, "--role-arn", role];
    await aws([...create, "--resources-vpc-config", "subnetIds=subnet-1,subnet-2"]);
    await aws(["--region", region, "eks", "update-kubeconfig", "--name", name, "--kubeconfig", file, ...options]);
  }
});
afterAll(async () => {
  await moto?.stop();
  await rm(folder, { recursive: true });
});

describe("the file that aws eks update-kubeconfig writes for three clusters", () => {
  test("works unchanged", async () => {
    // Only the CA is replaced: moto's value is not a certificate.
    const { ca } = await throwAwayCertificates({ hosts: ["localhost"] });
    const written = await readFile(file, "utf8");
    await writeFile(
      file,
      written.replace(/(certificate-authority-data: ).*/g, `$1${Buffer.from(ca).toString("base64")}`),
    );
    const [{ text, directory } = expect.unreachable()] = await registrySource(file, noCalls, "REGISTRY")(0);
    const kubeconfig = readKubeconfig(text, directory);
    const contexts = [...kubeconfig.contexts.keys()];
    expect(contexts).toEqual(clusters.map(({ name, region }) => `arn:aws:eks:${region}:${account}:cluster/${name}`));
    const requests: EksTokenRequest[] = [];
    const mint: MintToken = async (request) => `token ${requests.push(request)}`;
    const plugins = { mint, region: undefined };
    for (const name of contexts) await checkedContext(kubeconfig, name, { plugins, serverIsEks: true }).mint?.(false);
    expect(requests).toEqual([
      { cluster: "prod", region: "eu-west-1" },
      { cluster: "test", region: "us-east-2" },
      { cluster: "shared", region: "eu-west-1", role },
    ]);
  });

  test("is a registry once it lists the callers' keys, without renaming a context", async () => {
    const document = parseDocument(await readFile(file, "utf8"));
    const extension = { name: "impersonation-admission", extension: { keys: [hashOfKey("key")] } };
    for (const nth of clusters.keys()) document.setIn(["contexts", nth, "context", "extensions"], [extension]);
    const mint = () => expect.unreachable("a token was minted");
    const documents = [{ text: document.toString(), directory: ".", origin: "" }];
    const registry = mergeRegistry(documents, { mint, region: undefined }, webhookClusters);
    expect(registry.problems).toEqual([]);
    expect([...registry.clusters.keys()]).toEqual(["prod", "test", "shared"]);
  });
});

describe("the token that aws eks get-token prints", () => {
  test.each(["eu-west-1", "us-gov-west-1", "cn-north-1"])(
    "in %s equals our token, with its signature",
    async (region) => {
      const printed = await aws(
        ["--region", region, "eks", "get-token", "--cluster-name", "prod", "--output", "json"],
        {
          AWS_ENDPOINT_URL: undefined,
        },
      );
      const urlOf = (token: string) => new URL(Buffer.from(token.slice("k8s-aws-v1.".length), "base64url").toString());
      const theirs = urlOf(JSON.parse(printed).status.token);
      const time =
        theirs.searchParams.get("X-Amz-Date")?.replace(/^(....)(..)(..T..)(..)(..Z)$/, "$1-$2-$3:$4:$5") ?? "";
      const ours = urlOf(eksToken(operator, region, "prod", new Date(time)));
      expect(ours.origin + ours.pathname).toBe(theirs.origin + theirs.pathname);
      expect(Object.fromEntries(ours.searchParams)).toEqual(Object.fromEntries(theirs.searchParams));
    },
  );
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { AwsCall, AwsRequest } from "../../../../functions/aws/aws-caller.ts";
import { registrySource as sourceOf } from "../../../../functions/registry/registry-source.ts";

const registrySource = (setting: string, call: AwsCall) => sourceOf(setting, call, "REGISTRY");
const noCall: AwsCall = () => expect.unreachable("nothing is called");
const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

describe("a file", () => {
  test.each(["", "file:", "file://"])("%sPATH", async (prefix) => {
    const folder = await mkdtemp(join(tmpdir(), "registry-"));
    folders.push(folder);
    const path = join(folder, "kubeconfig");
    await writeFile(path, "text");
    const [document] = await registrySource(`${prefix}${path}`, noCall)(0);
    expect(document).toMatchObject({ text: "text", origin: expect.stringContaining(path) });
    expect(join(document?.directory ?? "", "ca.pem")).toBe(join(folder, "ca.pem"));
  });

  test("that is not there", async () => {
    await expect(registrySource("/nowhere/kubeconfig", noCall)(0)).rejects.toThrow(
      "the registry /nowhere/kubeconfig cannot be read (ENOENT)",
    );
    const issuers = sourceOf(
      "file:/nowhere/issuers",
      noCall,
      "PROXY_AUTHENTICATION",
      "the authentication configuration",
    );
    await expect(issuers(0)).rejects.toThrow(
      "the authentication configuration /nowhere/issuers cannot be read (ENOENT)",
    );
  });
});

describe("a request to AWS", () => {
  const asked = async (setting: string, answer: object) => {
    const requests: AwsRequest[] = [];
    const documents = await registrySource(setting, async (request) => {
      requests.push(request);
      return JSON.stringify(answer);
    })(0);
    const [{ service, region, headers, body } = expect.unreachable()] = requests;
    return { documents, service, region, target: headers["x-amz-target"], body: JSON.parse(body) };
  };

  test.each([
    ["admission/clusters", undefined],
    ["arn:aws:secretsmanager:us-east-2:123456789012:secret:clusters-AbCdEf", "us-east-2"],
  ])("for the secret %s", async (name, region) => {
    expect(await asked(`secretsmanager:${name}`, { SecretString: "text" })).toEqual({
      documents: [{ text: "text", directory: ".", origin: `the registry secretsmanager:${name}` }],
      service: "secretsmanager",
      region,
      target: "secretsmanager.GetSecretValue",
      body: { SecretId: name },
    });
  });

  test.each(["/fleet", "/fleet/"])("for the path %s", async (path) => {
    const Parameters = [
      { Name: "/fleet/b", Value: "two" },
      { Name: "/fleet/a", Value: "one" },
    ];
    expect(await asked(`ssm:${path}`, { Parameters })).toEqual({
      documents: [
        { text: "one", directory: ".", origin: "parameter /fleet/a" },
        { text: "two", directory: ".", origin: "parameter /fleet/b" },
      ],
      service: "ssm",
      region: undefined,
      target: "AmazonSSM.GetParametersByPath",
      body: { Path: "/fleet", Recursive: true, WithDecryption: true, MaxResults: 10 },
    });
  });

  test("for one page after the other, even after an empty one", async () => {
    const pages = [
      { Parameters: [{ Name: "/fleet/b", Value: "two" }], NextToken: "t1" },
      { Parameters: [], NextToken: "t2" },
      { Parameters: [{ Name: "/fleet/a", Value: "one" }] },
    ];
    const tokens: unknown[] = [];
    const documents = await registrySource("ssm:/fleet", async ({ body }) => {
      tokens.push(JSON.parse(body).NextToken);
      return JSON.stringify(pages[tokens.length - 1]);
    })(0);
    expect(documents.map(({ text }) => text)).toEqual(["one", "two"]);
    expect(tokens).toEqual([undefined, "t1", "t2"]);
  });

  test("a binary secret is text too", async () => {
    const { documents } = await asked("secretsmanager:s", { SecretBinary: Buffer.from("text").toString("base64") });
    expect(documents).toMatchObject([{ text: "text" }]);
  });
});

describe("an unusable answer of AWS", () => {
  const load = (setting: string, text: string) => registrySource(setting, async () => text)(0);

  test.each([
    ["secretsmanager:s", "{}", "the registry secretsmanager:s cannot be read: the secret has no value"],
    ["secretsmanager:s", "s3cret", "secretsmanager.GetSecretValue did not answer with a JSON object"],
    ["ssm:/a", "{}", "the registry ssm:/a cannot be read: GetParametersByPath answered without Parameters"],
    ["ssm:/a", '{"Parameters":[]}', "there are no parameters below /a"],
    ["ssm:/a", '{"Parameters":[],"NextToken":"again"}', "there are more than 1000 parameters below /a"],
  ])("%s: %s", async (setting, text, message) => {
    const loaded = load(setting, text);
    await expect(loaded).rejects.toThrow(message);
    await expect(loaded).rejects.not.toThrow("s3cret");
  });
});

describe("anything else is refused", () => {
  test.each([
    "s3://bucket/key",
    "https://example.com/kubeconfig",
    "secretsmanager:",
    "secretsmanager:a b",
    "ssm:",
    "ssm:/",
    "ssm:fleet",
    "ssm:/a//b",
    "file:",
    "SSM:/fleet",
  ])("%s", (setting) => {
    expect(() => registrySource(setting, noCall)).toThrow(
      "REGISTRY is not valid; it must be a file, file:PATH, secretsmanager:NAME-OR-ARN or ssm:/PATH",
    );
  });
});

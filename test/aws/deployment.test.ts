import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { allows, deployerPolicy } from "../support/iam-policy.ts";
import { account, type Moto, region, startMoto } from "./parts/moto.ts";
import { python } from "./parts/python.ts";
import { type Recorder, startRecorder } from "./parts/recorder.ts";

/**
 * The commands of docs/operations.md, as an engineer types them. moto creates the bucket, the role, the function, the log groups, the
 * dashboard and the REST API. It skips HTTP APIs, stages, alarms, metric filters and web ACLs.
 */
const root = fileURLToPath(new URL("../..", import.meta.url));
const minutes = 600_000;
const run = promisify(execFile);

let moto: Moto;
let recorder: Recorder;

const environment = (endpoint: string) => ({
  PATH: process.env["PATH"],
  HOME: "/nowhere",
  AWS_REGION: region,
  AWS_DEFAULT_REGION: region,
  AWS_ACCESS_KEY_ID: "deployer",
  AWS_SECRET_ACCESS_KEY: "secret",
  AWS_ENDPOINT_URL: endpoint,
});

const osls = async (...args: readonly string[]): Promise<string> => {
  const { stdout, stderr } = await run(`${root}node_modules/.bin/osls`, args, {
    cwd: root,
    env: environment(recorder.url),
  });
  return stdout + stderr;
};

/** The AWS CLI's output as JSON; undefined without output. */
const aws = async (...args: readonly string[]) => {
  const { stdout } = await run(python("aws"), [...args, "--output", "json"], { env: environment(moto.url) });
  return stdout === "" ? undefined : JSON.parse(stdout);
};

const functionName = "impersonation-admission-prod-admission";
const configuration = () => aws("lambda", "get-function-configuration", "--function-name", functionName);
const reserved = () => aws("lambda", "get-function-concurrency", "--function-name", functionName);

beforeAll(async () => {
  moto = await startMoto({ checks: false });
  recorder = await startRecorder(moto.url);
});
afterAll(async () => {
  recorder?.stop();
  await moto?.stop();
});

describe("in a new account", () => {
  test(
    "the first deployment reserves no concurrency",
    async () => {
      const given = ["--param", "registry=ssm:/impersonation-admission/", "--param", "reservedConcurrency=none"];
      expect(await osls("deploy", ...given)).toContain("Service deployed to stack impersonation-admission-prod");
      expect(await reserved()).toBeUndefined();
      expect((await configuration()).Environment.Variables).toMatchObject({
        REGISTRY: "ssm:/impersonation-admission/",
        REGISTRY_MAX_AGE: "300",
      });
    },
    minutes,
  );

  test(
    "info prints the outputs that the docs need, without parameters",
    async () => {
      const printed = await osls("info", "--verbose");
      for (const output of [
        `FunctionName: ${functionName}`,
        `FunctionArn: arn:aws:lambda:${region}:${account}:function:${functionName}`,
        `RoleArn: arn:aws:iam::${account}:role/impersonation-admission-prod-${region}-lambdaRole`,
        `LogGroupName: /aws/lambda/${functionName}`,
      ])
        expect(printed).toContain(output);
    },
    minutes,
  );

  test(
    "the role may write to the log group of the function, and read the registry",
    async () => {
      const role = `impersonation-admission-prod-${region}-lambdaRole`;
      const { PolicyDocument } = await aws("iam", "get-role-policy", "--role-name", role, "--policy-name", "admission");
      const below = `arn:aws:ssm:${region}:${account}:parameter/impersonation-admission`;
      // moto prints the document as Python does, and omits the `:*` at the end of a log group's ARN.
      const group = new RegExp(`^arn:aws:logs:${region}:${account}:log-group:/aws/lambda/${functionName}(:\\*)?$`);
      expect(JSON.parse(PolicyDocument.replaceAll("'", '"')).Statement).toEqual([
        {
          Effect: "Allow",
          Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
          Resource: [expect.stringMatching(group)],
        },
        { Effect: "Allow", Action: ["ssm:GetParametersByPath"], Resource: [below, `${below}/*`] },
      ]);
      expect(await aws("iam", "list-attached-role-policies", "--role-name", role)).toEqual({ AttachedPolicies: [] });
    },
    minutes,
  );
});

test(
  "a wrong deployment is rolled back to the previous one, without parameters",
  async () => {
    await osls("deploy", "--param", "registry=ssm:/elsewhere/", "--param", "registryMaxAge=60");
    expect((await configuration()).Environment.Variables).toMatchObject({
      REGISTRY: "ssm:/elsewhere/",
      REGISTRY_MAX_AGE: "60",
    });
    const listed = [...(await osls("deploy", "list")).matchAll(/^Timestamp: (\d+)$/gm)].map(([, time = ""]) => time);
    expect(listed).toHaveLength(2);
    const [first = ""] = listed;
    expect(await osls("rollback", "--timestamp", first)).toContain(`Service rolled back to timestamp "${first}"`);
    expect((await configuration()).Environment.Variables).toMatchObject({
      REGISTRY: "ssm:/impersonation-admission/",
      REGISTRY_MAX_AGE: "300",
    });
  },
  minutes,
);

test(
  "the private variant prints its URL",
  async () => {
    const config = ["--config", "serverless.private.yml"];
    const endpoint = "vpce-0123456789abcdef0";
    const given = ["--param", "registry=ssm:/impersonation-admission/", "--param", `vpcEndpointIds=${endpoint}`];
    await osls("deploy", ...config, ...given);
    expect(await osls("info", "--verbose", ...config)).toMatch(
      new RegExp(`BaseUrl: https://[a-z0-9]+-${endpoint}\\.execute-api\\.${region}\\.amazonaws\\.com/v1\\n`),
    );
  },
  minutes,
);

test("the deployer's policy permits every call of these commands", () => {
  expect(recorder.asked.length).toBeGreaterThan(30);
  // Every principal may call GetCallerIdentity.
  const asked = recorder.asked.filter(({ action }) => action !== "sts:GetCallerIdentity");
  expect(asked.filter(({ action, resource }) => !allows(deployerPolicy, action, resource))).toEqual([]);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { metrics, namespace } from "../../functions/telemetry/metrics.ts";
import { proxyMetrics } from "../../functions/telemetry/proxy-metrics.ts";
import { allows, deployerPolicy } from "../support/iam-policy.ts";
import { lint } from "./lint.ts";
import { type Packaged, packaged, type Resource, type Variant } from "./packaged.ts";
import { schemaPermissions } from "./permissions.ts";
import {
  endpoints,
  key,
  layer,
  type Name,
  names,
  proxyRole,
  proxySecret,
  role,
  secret,
  securityGroup,
  subnets,
  topic,
  variants,
} from "./variants.ts";

const made = new Map<Name, Packaged>();

beforeAll(async () => {
  for (const name of names) made.set(name, await packaged(variants[name]));
});
afterAll(async () => {
  for (const { remove } of made.values()) await remove();
});

const of = (name: Name): Packaged => made.get(name) ?? expect.unreachable();
/** The proxy's resources have logical ids of their own. */
const isOfProxy = ([id]: readonly [id: string, resource: Resource]): boolean => id.startsWith("Proxy");
const ofType = (name: Name, type: string, isWanted = (entry: [string, Resource]) => !isOfProxy(entry)) =>
  Object.entries(of(name).resources)
    .filter((entry) => entry[1].Type === type && isWanted(entry))
    .map(([, resource]) => resource);
const only = (name: Name, type: string, isWanted?: Parameters<typeof ofType>[2]): Resource["Properties"] => {
  const [first, ...more] = ofType(name, type, isWanted);
  expect(more).toEqual([]);
  return first?.Properties;
};
const propertiesOf = (name: Name, id: string): Resource["Properties"] => of(name).resources[id]?.Properties;

/** osls writes these redundant dependencies; they are harmless. */
const redundant = ["Resources/HttpApiStage/DependsOn", "Resources/HttpApiRouteDefault/DependsOn"];

/** A statement of a policy. */
interface Statement {
  readonly Effect?: "Deny";
  readonly Action: readonly string[];
  readonly Resource: readonly unknown[];
  readonly Condition?: unknown;
}

/** The statements of the function's role. `Effect: Allow` is left out. */
const statementsOf = (name: Name): readonly Statement[] => {
  const { Policies, ManagedPolicyArns } = only(name, "AWS::IAM::Role");
  expect(ManagedPolicyArns).toEqual([]);
  expect(Policies).toHaveLength(1);
  return Policies[0].PolicyDocument.Statement.map(({ Effect, ...statement }: { readonly Effect: string }) =>
    Effect === "Allow" ? statement : { Effect, ...statement },
  );
};

const functionName = (name: Name) =>
  `impersonation-admission${variants[name].config === "serverless.yml" ? "" : "-private"}-prod-admission`;

/** `Arn` of a log group ends in `:*`, which means all streams of this group only. */
const logging: Statement = {
  Action: ["logs:CreateLogStream", "logs:PutLogEvents"],
  Resource: [{ "Fn::GetAtt": ["AdmissionLogGroup", "Arn"] }],
};
const ec2 = (account: string, resource: string) => ({
  "Fn::Sub": `arn:\${AWS::Partition}:ec2:\${AWS::Region}:${account}:${resource}`,
});
const ownAccount = "${AWS::AccountId}";
/** Permissions for Lambda itself; the function's own code is denied them. */
const networking = (name: Name, part: "admission" | "proxy" = "admission"): readonly Statement[] => {
  const create = "ec2:CreateNetworkInterface";
  const change = ["ec2:DeleteNetworkInterface", "ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"];
  const describe = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"];
  const itself = `arn:\${AWS::Partition}:lambda:\${AWS::Region}:${ownAccount}:function:${functionName(name).replace(/admission$/, part)}`;
  return [
    {
      Action: [create],
      Resource: [
        ec2(ownAccount, "network-interface/*"),
        ...subnets.map((id) => ec2("*", `subnet/${id}`)),
        ec2("*", `security-group/${securityGroup}`),
      ],
    },
    { Action: change, Resource: [ec2(ownAccount, "*/*")] },
    { Action: describe, Resource: ["*"] },
    {
      Effect: "Deny",
      Action: [create, ...change, ...describe],
      Resource: ["*"],
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": { "Fn::Sub": itself } } },
    },
  ];
};
const parameters: Statement = {
  Action: ["ssm:GetParametersByPath"],
  Resource: ["", "/*"].map((below) => ({
    "Fn::Sub": `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/admission/clusters${below}`,
  })),
};
const decrypting = (service: string): Statement => ({
  Action: ["kms:Decrypt"],
  Resource: [key],
  Condition: { StringEquals: { "kms:ViaService": { "Fn::Sub": service } } },
});

describe.each(names)("%s", (name) => {
  test("cfn-lint has no findings", async () => {
    const findings = await lint(of(name).file);
    expect(findings.filter(({ rule, path }) => rule !== "W3005" || !redundant.includes(path))).toEqual([]);
  });

  test("the zip holds only the bundle and a package.json", () => {
    expect([...of(name).files].sort()).toEqual([
      "dist/admission.js",
      "dist/lambda.mjs",
      "dist/package.json",
      "dist/yaml.js",
    ]);
  });

  test("the access log has no member that could hold a key: no path and no header", () => {
    const text = JSON.stringify(of(name).resources);
    const variables = new Set([...text.matchAll(/\$context\.([\w.]+)/g)].map(([, variable]) => variable));
    expect([...variables].sort()).toEqual([
      "apiId",
      "httpMethod",
      "requestId",
      "requestTime",
      "responseLatency",
      "responseLength",
      "status",
    ]);
  });

  test("tracing, sampling and other request logs are off", () => {
    const text = JSON.stringify(of(name).resources);
    expect(text).not.toMatch(/"(TracingEnabled|DataTraceEnabled|SampledRequestsEnabled)":true/);
    expect(text).not.toMatch(/LoggingConfiguration|"Mode":"Active"|"LoggingLevel":"(INFO|ERROR)"/);
  });

  test("the gateway throttles calls, and the function's concurrency is limited", () => {
    const { params = {} }: Variant = variants[name];
    const { reservedConcurrency = "50", throttleRate = "100", throttleBurst = "200" } = params;
    expect(only(name, "AWS::Lambda::Function").ReservedConcurrentExecutions).toBe(
      reservedConcurrency === "none" ? undefined : Number(reservedConcurrency),
    );
    const stage =
      propertiesOf(name, "HttpApiStage")?.DefaultRouteSettings ??
      propertiesOf(name, "PrivateApiStage").MethodSettings[0];
    expect(stage).toMatchObject({
      ThrottlingRateLimit: Number(throttleRate),
      ThrottlingBurstLimit: Number(throttleBurst),
    });
  });

  test("logs have a retention", () => {
    const days = ofType(name, "AWS::Logs::LogGroup", () => true).map(({ Properties }) => Properties.RetentionInDays);
    expect(days.length).toBe(of(name).proxyFiles ? 4 : 2);
    expect(days).toEqual(days.map(() => expect.any(Number)));
    expect(new Set(days).size).toBe(1);
  });

  test("alarms watch existing metrics, notify the topic, and treat missing data as healthy", () => {
    const alarms = ofType(name, "AWS::CloudWatch::Alarm").map(({ Properties }) => Properties);
    expect(alarms.map(({ AlarmName }) => AlarmName["Fn::Sub"].split(" ")[1]).sort()).toEqual([
      "DeniedByError",
      ...(variants[name].config === "serverless.private.yml" ? ["FirewallBlocked"] : []),
      "FunctionErrors",
      "FunctionThrottled",
      "GatewayErrors",
      "GatewayThrottled",
      "RefreshFailed",
      "RefusedCalls",
      "RegistryProblems",
      "RegistryStale",
      "SlowAnswers",
    ]);
    const watched = alarms.flatMap((alarm) =>
      alarm.Metrics
        ? alarm.Metrics.flatMap((metric: Resource["Properties"]) => metric.MetricStat?.Metric ?? [])
        : [alarm],
    );
    const ours = watched.filter(({ Namespace }) => Namespace === namespace);
    const filter = only(name, "AWS::Logs::MetricFilter").MetricTransformations[0];
    expect(ours.length).toBeGreaterThan(6);
    for (const { MetricName, Dimensions } of ours) {
      expect([...Object.keys(metrics), filter.MetricName]).toContain(MetricName);
      expect(Dimensions).toEqual([
        MetricName === filter.MetricName
          ? { Name: "api", Value: { Ref: expect.stringMatching(/^(HttpApi|PrivateApi)$/) } }
          : { Name: "function", Value: { Ref: "AdmissionLambdaFunction" } },
      ]);
    }
    for (const { TreatMissingData, AlarmActions = [] } of alarms) {
      expect(TreatMissingData).toBe("notBreaching");
      expect(AlarmActions).toEqual("alarmTopic" in (variants[name].params ?? {}) ? [topic] : []);
    }
  });

  test("the dashboard shows every metric, by its dimensions", () => {
    const body = only(name, "AWS::CloudWatch::Dashboard").DashboardBody["Fn::Sub"];
    const { widgets } = JSON.parse(body);
    expect(widgets.length).toBe(12);
    for (const [metric, [, ...by]] of Object.entries<readonly [string, ...(readonly (readonly string[])[])]>(metrics)) {
      expect(body).toContain(metric);
      for (const [, schema = ""] of body.matchAll(
        new RegExp(`\\{${namespace},function,([\\w,]+)\\} MetricName=\\\\"${metric}\\\\"`, "g"),
      ))
        expect(by.map((set) => set.join(","))).toContain(schema);
    }
  });

  test("the outputs name the function, its role and its log", () => {
    const { FunctionName, FunctionArn, RoleArn, LogGroupName } = of(name).outputs;
    expect([FunctionName, FunctionArn, RoleArn, LogGroupName].map((output) => output?.Value)).toEqual([
      { Ref: "AdmissionLambdaFunction" },
      { "Fn::GetAtt": ["AdmissionLambdaFunction", "Arn"] },
      { "Fn::GetAtt": ["IamRoleLambdaExecution", "Arn"] },
      { Ref: "AdmissionLogGroup" },
    ]);
    expect(propertiesOf(name, "AdmissionLogGroup").LogGroupName).toBe(`/aws/lambda/${functionName(name)}`);
  });

  test("the outputs contain the URLs to register", () => {
    const { BaseUrl, WebhookUrl, MutateUrl, ValidateUrl } = of(name).outputs;
    const base =
      variants[name].config === "serverless.yml"
        ? "https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"
        : `https://\${PrivateApi}-${endpoints[0]}.execute-api.\${AWS::Region}.\${AWS::URLSuffix}/v1`;
    expect([BaseUrl, WebhookUrl, MutateUrl, ValidateUrl].map((output) => output?.Value)).toEqual(
      ["", "/clusters/CLUSTER/KEY", "/clusters/CLUSTER/KEY/mutate", "/clusters/CLUSTER/KEY/validate"].map((path) => ({
        "Fn::Sub": base + path,
      })),
    );
  });
});

describe("the role may write its own log, and", () => {
  test.each<[Name, readonly Statement[]]>([
    ["as it comes", [parameters]],
    ["a new account", [parameters]],
    ["a layer", []],
    ["a private API, in a VPC", [parameters, ...networking("a private API, in a VPC")]],
    ["with the proxy", [parameters]],
    [
      "a secret, in a VPC, with everything",
      [
        {
          Action: ["secretsmanager:GetSecretValue"],
          Resource: [
            {
              "Fn::Sub":
                "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:admission/registry-??????",
            },
          ],
        },
        decrypting("secretsmanager.${AWS::Region}.${AWS::URLSuffix}"),
        { Action: ["sts:AssumeRole"], Resource: [role] },
        ...networking("a secret, in a VPC, with everything"),
      ],
    ],
    ["parameters, with a key of one's own", [parameters, decrypting("ssm.${AWS::Region}.${AWS::URLSuffix}")]],
    [
      "a private API, a secret elsewhere",
      [
        { Action: ["secretsmanager:GetSecretValue"], Resource: [secret] },
        decrypting("secretsmanager.us-east-2.${AWS::URLSuffix}"),
      ],
    ],
  ])("%s: exactly what that needs", (name, statements) => {
    expect(statementsOf(name)).toEqual([logging, ...statements]);
  });

  test.each(names)("only Lambda may take it: %s", (name) => {
    const { Statement: trust } = only(name, "AWS::IAM::Role").AssumeRolePolicyDocument;
    expect(trust).toEqual([
      { Effect: "Allow", Principal: { Service: ["lambda.amazonaws.com"] }, Action: ["sts:AssumeRole"] },
    ]);
  });
});

describe("the function", () => {
  test.each<[Name, string]>([
    ["as it comes", "ssm:/admission/clusters/"],
    ["a layer", "file:/opt/registry/kubeconfig"],
    ["a private API, a secret elsewhere", `secretsmanager:${secret}`],
  ])("%s: is told where its registry is", (name, registry) => {
    expect(only(name, "AWS::Lambda::Function").Environment.Variables).toEqual({
      REGISTRY: registry,
      REGISTRY_MAX_AGE: "300",
      REGISTRY_DEAD_AGE: "86400",
      WARM_CLUSTERS: "3",
      UV_THREADPOOL_SIZE: "32",
    });
  });

  test("has a layer where registryLayers names one", () => {
    expect(only("a layer", "AWS::Lambda::Function").Layers).toEqual([layer]);
  });

  test("is in a VPC where subnetIds names subnets", () => {
    expect(only("a secret, in a VPC, with everything", "AWS::Lambda::Function").VpcConfig).toEqual({
      SecurityGroupIds: [securityGroup],
      SubnetIds: subnets,
    });
    expect(only("as it comes", "AWS::Lambda::Function")).not.toHaveProperty("VpcConfig");
  });
});

describe("a private API", () => {
  const name = "a private API, a secret elsewhere";

  test("accepts calls only through the VPC endpoints", () => {
    const { EndpointConfiguration, Policy } = only(name, "AWS::ApiGateway::RestApi");
    expect(EndpointConfiguration).toEqual({ Types: ["PRIVATE"], VpcEndpointIds: endpoints });
    expect(Policy.Statement).toEqual([
      {
        Effect: "Allow",
        Principal: "*",
        Action: "execute-api:Invoke",
        Resource: "execute-api:/v1/*",
        Condition: { StringEquals: { "aws:SourceVpce": endpoints } },
      },
    ]);
    expect(ofType(name, "AWS::ApiGatewayV2::Api")).toEqual([]);
    expect(ofType(name, "AWS::Lambda::Url")).toEqual([]);
    expect(only(name, "AWS::Lambda::Permission").SourceArn["Fn::Sub"]).toMatch(/:\$\{PrivateApi\}\/\*$/);
  });

  test.each([
    // Two paths of one cluster stay below the gateway's limit: 20 calls a second are 1200 a minute.
    ["a private API, in a VPC", { path: 300, address: 900 }],
    ["a private API, a secret elsewhere", { path: 50, address: 4500 }],
  ] as const)("%s: has a web ACL on its stage that blocks before the gateway throttles", (name, limits) => {
    expect(only(name, "AWS::WAFv2::WebACLAssociation").ResourceArn["Fn::Sub"]).toMatch(
      /::\/restapis\/\$\{PrivateApi\}\/stages\/v1$/,
    );
    const { Rules, DefaultAction } = only(name, "AWS::WAFv2::WebACL");
    expect(DefaultAction).toEqual({ Allow: {} });
    const byMinute = (limit: number) => ({ EvaluationWindowSec: 60, Limit: limit });
    const UriPath = {
      TextTransformations: [
        { Priority: 0, Type: "URL_DECODE" },
        { Priority: 1, Type: "NORMALIZE_PATH" },
      ],
    };
    expect(Rules).toMatchObject([
      {
        Name: "path",
        Action: { Block: {} },
        Statement: {
          RateBasedStatement: {
            AggregateKeyType: "CUSTOM_KEYS",
            CustomKeys: [{ UriPath }],
            ...byMinute(limits.path),
          },
        },
      },
      {
        Name: "address",
        Action: { Block: {} },
        Statement: { RateBasedStatement: { AggregateKeyType: "IP", ...byMinute(limits.address) } },
      },
      { Name: "size", Action: { Block: {} }, Statement: { OrStatement: { Statements: [{}, {}, {}] } } },
    ]);
    const { ThrottlingRateLimit } = propertiesOf(name, "PrivateApiStage").MethodSettings[0];
    for (const limit of [2 * limits.path, limits.address]) expect(limit).toBeLessThan(60 * ThrottlingRateLimit);
  });

  test("has an alarm and a graph for the calls that its web ACL blocks, under the web ACL's name", () => {
    const { Name, VisibilityConfig } = only(name, "AWS::WAFv2::WebACL");
    const own = { "Fn::Sub": "${AdmissionLambdaFunction}" };
    expect([Name, VisibilityConfig.MetricName]).toEqual([own, own]);
    expect(propertiesOf(name, "FirewallBlockedAlarm")).toMatchObject({
      Namespace: "AWS/WAFV2",
      MetricName: "BlockedRequests",
      Dimensions: [
        { Name: "WebACL", Value: own },
        { Name: "Rule", Value: "ALL" },
        { Name: "Region", Value: { Ref: "AWS::Region" } },
      ],
    });
    expect(only(name, "AWS::CloudWatch::Dashboard").DashboardBody["Fn::Sub"]).toContain(
      '"AWS/WAFV2","BlockedRequests","WebACL","${AdmissionLambdaFunction}","Rule","ALL","Region","${AWS::Region}"',
    );
  });

  test("is deployed again only when it changes", async () => {
    const deployment = (of: Packaged) =>
      Object.keys(of.resources).find((id) => of.resources[id]?.Type === "AWS::ApiGateway::Deployment");
    expect(deployment(of(name))).toBe(deployment(of("a private API, in a VPC")));
    const other = await packaged({
      config: variants[name].config,
      params: { ...variants[name].params, vpcEndpointIds: endpoints[1] ?? "" },
    });
    expect(deployment(other)).not.toBe(deployment(of(name)));
    await other.remove();
  });
});

/** Whether a statement's resource, a pattern of IAM, covers an ARN. */
const covers = (pattern: string, arn: string): boolean =>
  new RegExp(
    `^${pattern
      .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
      .replaceAll("\\*", ".*")
      .replaceAll("\\?", ".")}$`,
  ).test(arn);

const filledIn = (resource: unknown): string =>
  String((resource as { readonly "Fn::Sub"?: string })["Fn::Sub"] ?? resource)
    .replaceAll("${AWS::Partition}", "aws")
    .replaceAll("${AWS::Region}", "eu-west-1")
    .replaceAll("${AWS::AccountId}", "123456789012");

/** The ARN of something that a registry consists of. */
const arnIn = (setting: string): string => {
  const [, scheme, rest = ""] = /^(ssm|secretsmanager):(.*)$/.exec(setting) ?? [];
  if (rest.startsWith("arn:")) return rest;
  return scheme === "ssm"
    ? `arn:aws:ssm:eu-west-1:123456789012:parameter${rest.replace(/\/$/, "")}/cluster-1`
    : `arn:aws:secretsmanager:eu-west-1:123456789012:secret:${rest}-AbCdEf`;
};

/** Whether a role may read a registry. */
const mayRead = (role: Resource["Properties"], setting: string): boolean =>
  role.Policies.flatMap(({ PolicyDocument }: Resource["Properties"]) => PolicyDocument.Statement).some(
    ({ Effect, Action, Resource: resources }: Resource["Properties"]) =>
      Effect === "Allow" &&
      [Action].flat().some((action) => /^(\*|ssm:|secretsmanager:)/.test(action)) &&
      [resources].flat().some((resource) => covers(filledIn(resource), arnIn(setting))),
  );

const ofFunction = (name: Name, id: "AdmissionLambdaFunction" | "ProxyLambdaFunction") => {
  const properties = propertiesOf(name, id);
  const { "Fn::GetAtt": [attribute] = [], "Fn::Sub": text = "" } = properties.Role;
  const roleId = attribute ?? /^\$\{(\w+)\.Arn\}$/.exec(text)?.[1];
  return { ...properties, role: propertiesOf(name, roleId), roleId, variables: properties.Environment.Variables };
};

describe.each(["with the proxy", "a private API, with the proxy, in a VPC"] as const)("the proxy: %s", (name) => {
  test("each function has a role of its own, which may read its own registry and not that of the other", () => {
    const webhook = ofFunction(name, "AdmissionLambdaFunction");
    const proxy = ofFunction(name, "ProxyLambdaFunction");
    expect(webhook.roleId).not.toBe(proxy.roleId);
    const { REGISTRY } = webhook.variables;
    const { PROXY_REGISTRY, PROXY_AUTHENTICATION } = proxy.variables;
    const places = [REGISTRY, PROXY_REGISTRY, PROXY_AUTHENTICATION];
    expect(places.map((place) => mayRead(webhook.role, place))).toEqual([true, false, false]);
    expect(places.map((place) => mayRead(proxy.role, place))).toEqual([false, true, true]);
    expect([webhook.variables.PROXY_REGISTRY, proxy.variables.REGISTRY]).toEqual([undefined, undefined]);
  });

  test("no other role or policy of the template may read either", () => {
    const types = Object.values(of(name).resources).map(({ Type }) => Type);
    expect(types.filter((type) => type.startsWith("AWS::IAM::"))).toEqual(["AWS::IAM::Role", "AWS::IAM::Role"]);
  });

  test("only Lambda may take its role", () => {
    expect(ofFunction(name, "ProxyLambdaFunction").role.AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: "Allow", Principal: { Service: ["lambda.amazonaws.com"] }, Action: ["sts:AssumeRole"] },
    ]);
  });

  test("the zip holds only its own bundle", () => {
    expect([...(of(name).proxyFiles ?? [])].sort()).toEqual([
      "dist/oidc.js",
      "dist/package.json",
      "dist/proxy-function.js",
      "dist/proxy-lambda.mjs",
      "dist/yaml.js",
    ]);
  });

  test("its API streams answers, hands over bodies in base64, and serves nothing but the proxy's path", () => {
    expect(propertiesOf(name, "ProxyApi").BinaryMediaTypes).toEqual(["*/*"]);
    const methods = ofType(name, "AWS::ApiGateway::Method", isOfProxy);
    expect(methods.map(({ Properties }) => Properties)).toEqual([
      {
        RestApiId: { Ref: "ProxyApi" },
        ResourceId: { Ref: "ProxyApiCluster" },
        HttpMethod: "ANY",
        AuthorizationType: "NONE",
        Integration: {
          Type: "AWS_PROXY",
          IntegrationHttpMethod: "POST",
          ResponseTransferMode: "STREAM",
          TimeoutInMillis: 900_000,
          Uri: {
            "Fn::Sub":
              "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2021-11-15/functions/${ProxyLambdaFunction.Arn}/response-streaming-invocations",
          },
        },
      },
    ]);
    const parts = ["ProxyApiK8s", "ProxyApiClusters", "ProxyApiCluster"].map((id) => propertiesOf(name, id).PathPart);
    expect(parts).toEqual(["k8s", "clusters", "{proxy+}"]);
  });

  test("its gateway throttles calls", () => {
    expect(propertiesOf(name, "ProxyApiStage").MethodSettings[0]).toMatchObject({
      ThrottlingRateLimit: 100,
      ThrottlingBurstLimit: 200,
    });
  });

  test("its alarms watch existing metrics of its own function", () => {
    const alarms = ofType(name, "AWS::CloudWatch::Alarm", isOfProxy).map(({ Properties }) => Properties);
    expect(alarms.map(({ AlarmName }) => AlarmName["Fn::Sub"])).toEqual(
      [
        ...[
          "FailedRequests",
          "FunctionThrottled",
          "FunctionErrors",
          "GatewayThrottled",
          "GatewayErrors",
          "Unauthorized",
        ],
        ...["RegistryProblems", "RefreshFailed", "RegistryStale"],
      ].map((alarm) => `\${ProxyLambdaFunction} Proxy${alarm}`),
    );
    for (const { Namespace, MetricName, Dimensions, TreatMissingData } of alarms) {
      expect(TreatMissingData).toBe("notBreaching");
      if (Namespace !== namespace) continue;
      expect([...Object.keys(metrics), ...Object.keys(proxyMetrics), "ThrottledCalls"]).toContain(MetricName);
      expect(Dimensions[0]).toEqual(
        MetricName === "ThrottledCalls"
          ? { Name: "api", Value: { Ref: "ProxyApi" } }
          : { Name: "function", Value: { Ref: "ProxyLambdaFunction" } },
      );
    }
  });

  test("its dashboard shows every metric of its own", () => {
    const body = propertiesOf(name, "ProxyDashboard").DashboardBody["Fn::Sub"];
    for (const metric of Object.keys(proxyMetrics)) expect(body).toContain(metric);
    expect(body).not.toContain("AdmissionLambdaFunction");
  });
});

test("the check of the roles notices a role that may read too much", () => {
  const reading = (resource: unknown) => ({
    Policies: [{ PolicyDocument: { Statement: [{ Effect: "Allow", Action: ["ssm:*"], Resource: [resource] }] } }],
  });
  const own = { "Fn::Sub": "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/proxy/clusters/*" };
  expect(mayRead(reading(own), "ssm:/proxy/clusters/")).toBe(true);
  expect(mayRead(reading(own), "ssm:/admission/clusters")).toBe(false);
  for (const wide of ["*", "arn:aws:ssm:*:*:parameter/*", "arn:aws:ssm:eu-west-1:123456789012:parameter/proxy*"])
    expect(mayRead(reading(wide), "ssm:/proxy/clusters/")).toBe(true);
});

test("the proxy as it comes: regional, with a role and settings of its own", () => {
  const name = "with the proxy";
  expect(propertiesOf(name, "ProxyApi").EndpointConfiguration).toEqual({ Types: ["REGIONAL"] });
  const { Timeout, ReservedConcurrentExecutions, variables, role: own } = ofFunction(name, "ProxyLambdaFunction");
  expect([Timeout, ReservedConcurrentExecutions]).toEqual([900, 50]);
  expect(variables).toEqual({
    PROXY_REGISTRY: "ssm:/proxy/clusters/",
    PROXY_AUTHENTICATION: "secretsmanager:proxy/issuers",
    PROXY_RESERVED_NAMES: "system:masters,system:nodes",
    REGISTRY_MAX_AGE: "300",
    REGISTRY_DEAD_AGE: "86400",
    WARM_CLUSTERS: "3",
    PROXY_WATCH_SECONDS: "240",
    UV_THREADPOOL_SIZE: "32",
  });
  expect(own.Policies[0].PolicyDocument.Statement).toEqual([
    { Effect: "Allow", ...logging, Resource: [{ "Fn::GetAtt": ["ProxyLogGroup", "Arn"] }] },
    {
      Effect: "Allow",
      Action: ["ssm:GetParametersByPath"],
      Resource: ["", "/*"].map((below) => ({
        "Fn::Sub": `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/proxy/clusters${below}`,
      })),
    },
    { Effect: "Allow", ...decrypting("ssm.${AWS::Region}.${AWS::URLSuffix}") },
    {
      Effect: "Allow",
      Action: ["secretsmanager:GetSecretValue"],
      Resource: [
        {
          "Fn::Sub":
            "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:proxy/issuers-??????",
        },
      ],
    },
    { Effect: "Allow", ...decrypting("secretsmanager.${AWS::Region}.${AWS::URLSuffix}") },
    { Effect: "Allow", Action: ["sts:AssumeRole"], Resource: [proxyRole] },
  ]);
  expect(of(name).outputs["ProxyUrl"]?.Value).toEqual({
    "Fn::Sub": "https://${ProxyApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/v1/k8s/clusters/CLUSTER",
  });
});

test("the proxy of a private API: through the VPC endpoints only, without a reservation, in the VPC", () => {
  const name = "a private API, with the proxy, in a VPC";
  expect(propertiesOf(name, "ProxyApi").EndpointConfiguration).toEqual({
    Types: ["PRIVATE"],
    VpcEndpointIds: endpoints,
  });
  const { ReservedConcurrentExecutions, VpcConfig, variables, role: own } = ofFunction(name, "ProxyLambdaFunction");
  expect([ReservedConcurrentExecutions, variables.PROXY_WATCH_SECONDS]).toEqual([undefined, "60"]);
  expect(VpcConfig).toEqual({ SecurityGroupIds: [securityGroup], SubnetIds: subnets });
  expect(own.Policies[0].PolicyDocument.Statement.slice(1)).toEqual([
    { Effect: "Allow", Action: ["secretsmanager:GetSecretValue"], Resource: [proxySecret] },
    {
      Effect: "Allow",
      Action: ["ssm:GetParametersByPath"],
      Resource: ["", "/*"].map((below) => ({
        "Fn::Sub": `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/proxy/issuers${below}`,
      })),
    },
    ...networking(name, "proxy").map((statement) => ({ Effect: "Allow", ...statement })),
  ]);
});

test.each(names.filter((name) => !("proxyRegistry" in (variants[name].params ?? {}))))(
  "without proxyRegistry there is no proxy: %s",
  (name) => {
    expect(of(name).proxyFiles).toBeUndefined();
    expect(Object.entries(of(name).resources).filter(isOfProxy)).toEqual([]);
  },
);

test.each<[string, Variant, string]>([
  ["no registry", { config: "serverless.yml" }, "param registry is missing; give --param registry=ssm:/PATH, or"],
  [
    "no VPC endpoint for the private API",
    { config: "serverless.private.yml", params: { registry: "ssm:/admission" } },
    "param vpcEndpointIds is empty; it must be the ids of the VPC endpoints that may call",
  ],
  [
    "a wildcard in the registry",
    { config: "serverless.yml", params: { registry: "ssm:/*" } },
    'param registry is "ssm:/*"; it must be file:/opt/PATH',
  ],
  [
    "one registry for both functions",
    { config: "serverless.yml", params: { registry: "ssm:/clusters", proxyRegistry: "ssm:/clusters/proxy" } },
    'param proxyRegistry is "ssm:/clusters/proxy"; it must be apart from the webhook\'s registry, ssm:/clusters',
  ],
  [
    "a proxy whose registry is a layer",
    { config: "serverless.yml", params: { registry: "ssm:/a", proxyRegistry: "file:/opt/registry" } },
    'param proxyRegistry is "file:/opt/registry"; it must be secretsmanager:NAME',
  ],
  [
    "a stage that makes the role's name too long",
    { config: "serverless.yml", params: { registry: "ssm:/admission" }, stage: "a-stage-with-a-long-name" },
    "stage a-stage-with-a-long-name is 5 characters too long: the name of the role would be impersonation-admission-a-stage-",
  ],
])("%s: refused before anything is packaged", async (_, variant, message) => {
  await expect(packaged(variant)).rejects.toThrow(message);
});

test("packaging warns that a registry in a layer is not encrypted", () => {
  const warning = "every principal with lambda:GetLayerVersion on the layer can read the credentials in it";
  expect(of("a layer").output).toContain(warning);
  expect(of("as it comes").output).not.toContain(warning);
});

describe("the deployer's policy", () => {
  test("cfn-lint knows every action in it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "policy-"));
    const file = join(folder, "template.json");
    const Policy = { Type: "AWS::IAM::ManagedPolicy", Properties: { PolicyDocument: deployerPolicy } };
    await writeFile(file, JSON.stringify({ Resources: { Policy } }));
    const findings = await lint(file);
    await rm(folder, { recursive: true });
    expect(findings).toEqual([]);
  });

  test("is short enough for a managed policy", () => {
    expect(JSON.stringify(deployerPolicy).length).toBeLessThan(6144);
  });

  test("is limited to resources of this project's name, except for actions without resource names", () => {
    const wide = deployerPolicy.Statement.filter(
      ({ Resource }) => ![Resource].flat().every((resource) => /[:/]impersonation-admission-\*/.test(resource)),
    );
    expect(wide.map(({ Sid }) => Sid)).toEqual([
      "WithoutResources",
      "RegistryLayers",
      "Gateway",
      "Firewall",
      "FirewallOfStage",
    ]);
    for (const action of ["iam:CreateUser", "iam:AttachRolePolicy", "ssm:GetParameter", "sts:AssumeRole"])
      expect(allows(deployerPolicy, action)).toBe(false);
  });

  /** Features of the resource types that this project does not use. */
  const unused = [
    /^(amplify|apprunner|appsync|bedrock-agentcore|cognito-idp|elasticloadbalancing):|^ec2:.*VerifiedAccess/,
    /^(elasticfilesystem|firehose|kms|payments|s3files|s3tables):/,
    // Tags of an API are the usual verbs on /tags.
    /^apigateway:(Tag|Untag)Resource$/,
    /^iam:(AttachRolePolicy|(Put|Delete)RolePermissionsBoundary)$/,
    /^lambda:.*(CodeSigning|Recursion|Scaling|RuntimeManagement)Config$/,
    /^lambda:(AssociateRuntimeAlias|PassCapacityProvider|PublishVersion)$/,
    /^logs:(Put|Delete)(DataProtection|Index|Resource)Policy$|^logs:.*(KmsKey|DeletionProtection|BearerToken)/,
    /^s3:.*(Abac|Accelerate|Acl|Analytics|CORS|Inventory|Lifecycle|Logging|Metadata|Metrics|Notification)/i,
    /^s3:.*(ObjectLock|Ownership|PublicAccess|REST|Replication|Tiering|Versioning|Website)|^s3:DeleteBucketEncryption$/,
    /^wafv2:(Put|Get)PermissionPolicy$/,
  ];

  test("permits every action that CloudFormation needs for the resources of the templates, except for unused features", async () => {
    const permissionsOf = await schemaPermissions();
    const types = new Set(names.flatMap((name) => Object.values(of(name).resources).map(({ Type }) => Type)));
    expect(types.size).toBeGreaterThan(15);
    const needed = [...types].flatMap((type) => permissionsOf(type));
    const missing = needed.filter((action) => !allows(deployerPolicy, action));
    expect(missing.filter((action) => !unused.some((feature) => feature.test(action)))).toEqual([]);
    expect(unused.filter((feature) => !missing.some((action) => feature.test(action)))).toEqual([]);
  });
});

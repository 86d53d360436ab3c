import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { metrics, namespace } from "../../functions/telemetry/metrics.ts";
import { lint } from "./lint.ts";
import { type Packaged, packaged, type Resource, type Variant } from "./packaged.ts";
import {
  endpoints,
  key,
  layer,
  type Name,
  names,
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
const ofType = (name: Name, type: string): readonly Resource[] =>
  Object.values(of(name).resources).filter(({ Type }) => Type === type);
const only = (name: Name, type: string): Resource["Properties"] => {
  const [first, ...more] = ofType(name, type);
  expect(more).toEqual([]);
  return first?.Properties;
};
const propertiesOf = (name: Name, id: string): Resource["Properties"] => of(name).resources[id]?.Properties;

/** osls' own, and harmless: a dependency that is there anyway is said once more. */
const redundant = ["Resources/HttpApiStage/DependsOn", "Resources/HttpApiRouteDefault/DependsOn"];

/** A statement of a policy, with lists where IAM allows a single value. */
interface Statement {
  readonly Action: readonly string[];
  readonly Resource: readonly unknown[];
  readonly Condition?: unknown;
}

const listed = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

/** What the function's role may do. */
const statementsOf = (name: Name): readonly Statement[] => {
  const { Policies } = only(name, "AWS::IAM::Role");
  expect(Policies).toHaveLength(1);
  return Policies[0].PolicyDocument.Statement.map((statement: Statement & { readonly Effect: string }) => {
    expect(statement.Effect).toBe("Allow");
    const { Action, Resource, Condition } = statement;
    return { Action: listed(Action), Resource: listed(Resource), ...(Condition ? { Condition } : {}) };
  });
};

const service = (name: Name) => (variants[name].config === "serverless.yml" ? "" : "-private");

const ownLog = (name: Name, levels: string) => [
  {
    "Fn::Sub": `arn:\${AWS::Partition}:logs:\${AWS::Region}:\${AWS::AccountId}:log-group:/aws/lambda/impersonation-admission${service(name)}-prod*${levels}`,
  },
];
const logging = (name: Name): readonly Statement[] => [
  { Action: ["logs:CreateLogStream", "logs:CreateLogGroup", "logs:TagResource"], Resource: ownLog(name, ":*") },
  { Action: ["logs:PutLogEvents"], Resource: ownLog(name, ":*:*") },
];
const decrypting = (service: string): Statement => ({
  Action: ["kms:Decrypt"],
  Resource: [key],
  Condition: { StringEquals: { "kms:ViaService": { "Fn::Sub": service } } },
});

describe.each(names)("%s", (name) => {
  test("cfn-lint has nothing to say", async () => {
    const findings = await lint(of(name).file);
    expect(findings.filter(({ rule, path }) => rule !== "W3005" || !redundant.includes(path))).toEqual([]);
  });

  test("the zip holds the bundle and says what it is, nothing else", () => {
    expect([...of(name).files].sort()).toEqual([
      "dist/admission.js",
      "dist/lambda.mjs",
      "dist/package.json",
      "dist/yaml.js",
    ]);
  });

  test("the access log has neither path nor header nor anything else that holds a key", () => {
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

  test("nothing traces, samples or logs requests besides", () => {
    const text = JSON.stringify(of(name).resources);
    expect(text).not.toMatch(/"(TracingEnabled|DataTraceEnabled|SampledRequestsEnabled)":true/);
    expect(text).not.toMatch(/LoggingConfiguration|"Mode":"Active"|"LoggingLevel":"(INFO|ERROR)"/);
  });

  test("the function is throttled in front and bounded behind", () => {
    const { params = {} }: Variant = variants[name];
    const { reservedConcurrency = "50", throttleRate = "100", throttleBurst = "200" } = params;
    expect(only(name, "AWS::Lambda::Function").ReservedConcurrentExecutions).toBe(Number(reservedConcurrency));
    const stage =
      propertiesOf(name, "HttpApiStage")?.DefaultRouteSettings ??
      propertiesOf(name, "PrivateApiStage").MethodSettings[0];
    expect(stage).toMatchObject({
      ThrottlingRateLimit: Number(throttleRate),
      ThrottlingBurstLimit: Number(throttleBurst),
    });
  });

  test("logs end after a while", () => {
    const days = ofType(name, "AWS::Logs::LogGroup").map(({ Properties }) => Properties.RetentionInDays);
    expect(days).toEqual([expect.any(Number), expect.any(Number)]);
    expect(new Set(days).size).toBe(1);
  });

  test("alarms watch what is measured, tell somebody, and are not set off by silence", () => {
    const alarms = ofType(name, "AWS::CloudWatch::Alarm").map(({ Properties }) => Properties);
    expect(alarms.map(({ AlarmName }) => AlarmName["Fn::Sub"].split(" ")[1]).sort()).toEqual([
      "DeniedByError",
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
      expect(AlarmActions).toEqual(name === "a secret, in a VPC, with everything" ? [topic] : []);
    }
  });

  test("the dashboard shows every metric, by the dimensions that it has", () => {
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

  test("the outputs say which URLs to register", () => {
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

describe("the role may write its log, and", () => {
  test.each<[Name, readonly Statement[]]>([
    ["as it comes", []],
    ["a layer", []],
    ["a private API", []],
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
      ],
    ],
    [
      "parameters",
      [
        {
          Action: ["ssm:GetParametersByPath"],
          Resource: ["", "/*"].map((below) => ({
            "Fn::Sub": `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter/admission/clusters${below}`,
          })),
        },
        decrypting("ssm.${AWS::Region}.${AWS::URLSuffix}"),
      ],
    ],
    [
      "a private API, a secret elsewhere",
      [
        { Action: ["secretsmanager:GetSecretValue"], Resource: [secret] },
        decrypting("secretsmanager.us-east-2.${AWS::URLSuffix}"),
      ],
    ],
  ])("%s: exactly what that needs", (name, statements) => {
    expect(statementsOf(name)).toEqual([...logging(name), ...statements]);
  });

  test.each(names)("no more by managed policies, but for a VPC's network interfaces: %s", (name) => {
    const managed = JSON.stringify(only(name, "AWS::IAM::Role").ManagedPolicyArns ?? []);
    const wanted = name === "a secret, in a VPC, with everything" ? ["AWSLambdaVPCAccessExecutionRole"] : [];
    expect([...managed.matchAll(/policy\/service-role\/(\w+)/g)].map(([, policy]) => policy)).toEqual(wanted);
  });
});

describe("the function", () => {
  test.each<[Name, string]>([
    ["as it comes", "file:/opt/registry/kubeconfig"],
    ["parameters", "ssm:/admission/clusters/"],
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

  test("has a layer where one is given", () => {
    expect(only("a layer", "AWS::Lambda::Function").Layers).toEqual([layer]);
  });

  test("is in a VPC where one is given", () => {
    expect(only("a secret, in a VPC, with everything", "AWS::Lambda::Function").VpcConfig).toEqual({
      SecurityGroupIds: [securityGroup],
      SubnetIds: subnets,
    });
    expect(only("as it comes", "AWS::Lambda::Function")).not.toHaveProperty("VpcConfig");
  });
});

describe("a private API", () => {
  const name = "a private API, a secret elsewhere";

  test("is for calls through the VPC endpoints, and has no other door", () => {
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

  test("has a web ACL on its stage, which counts calls and bounds what they send", () => {
    expect(only(name, "AWS::WAFv2::WebACLAssociation").ResourceArn["Fn::Sub"]).toMatch(
      /::\/restapis\/\$\{PrivateApi\}\/stages\/v1$/,
    );
    const { Rules, DefaultAction } = only(name, "AWS::WAFv2::WebACL");
    expect(DefaultAction).toEqual({ Allow: {} });
    expect(Rules).toMatchObject([
      { Action: { Block: {} }, Statement: { RateBasedStatement: { AggregateKeyType: "IP", Limit: 50 } } },
      { Action: { Block: {} }, Statement: { OrStatement: { Statements: [{}, {}, {}] } } },
    ]);
  });

  test("is deployed anew when it changes, and only then", async () => {
    const deployment = (of: Packaged) =>
      Object.keys(of.resources).find((id) => of.resources[id]?.Type === "AWS::ApiGateway::Deployment");
    expect(deployment(of(name))).toBe(deployment(of("a private API")));
    const other = await packaged({ ...variants["a private API"], params: { vpcEndpointIds: endpoints[1] ?? "" } });
    expect(deployment(other)).not.toBe(deployment(of(name)));
    await other.remove();
  });
});

test("a parameter that cannot be is refused before anything is deployed", async () => {
  await expect(packaged({ config: "serverless.private.yml" })).rejects.toThrow(
    "param vpcEndpointIds is empty; it must be the ids of the VPC endpoints that may call",
  );
  await expect(packaged({ config: "serverless.yml", params: { registry: "ssm:/*" } })).rejects.toThrow(
    'param registry is "ssm:/*"; it must be file:PATH',
  );
});

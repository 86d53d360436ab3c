import { functionArn, sub, type Template } from "./cloudformation.ts";
import type { DeploymentSettings, ProxySettings, RegistrySource } from "./params.ts";

/**
 * The policy of the webhook's role. It replaces the policy of osls, which covers every log group that begins with the stage's name, and the
 * AWS managed policy that osls adds in a VPC, which covers every log group and network interface of the account.
 */
export function roleExtension(settings: DeploymentSettings): Template {
  const { registry, registryKey, assumeRoles } = settings;
  return {
    IamRoleLambdaExecution: {
      Properties: {
        ManagedPolicyArns: [],
        Policies: [
          policy("admission", [
            logging("AdmissionLogGroup"),
            ...reading(registry, registryKey),
            ...assuming(assumeRoles),
            ...networking("admission", settings),
          ]),
        ],
      },
    },
  };
}

/** The role of the proxy's function, which alone may read the proxy's registry and its authentication configuration. */
export function proxyRole(
  settings: DeploymentSettings,
  { registry, registryKey, authentication, assumeRoles }: ProxySettings,
): Template {
  return {
    Type: "AWS::IAM::Role",
    Properties: {
      AssumeRolePolicyDocument: {
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: ["lambda.amazonaws.com"] }, Action: ["sts:AssumeRole"] }],
      },
      ManagedPolicyArns: [],
      Policies: [
        policy("proxy", [
          logging("ProxyLogGroup"),
          ...reading(registry, registryKey),
          ...(authentication ? reading(authentication, registryKey) : []),
          ...assuming(assumeRoles),
          ...networking("proxy", settings),
        ]),
      ],
    },
  };
}

const policy = (name: string, statements: readonly Template[]): Template => ({
  PolicyName: name,
  PolicyDocument: { Version: "2012-10-17", Statement: statements },
});

const allow = (actions: readonly string[], resources: readonly unknown[], condition?: Template): Template => ({
  Effect: "Allow",
  Action: actions,
  Resource: resources,
  ...(condition && { Condition: condition }),
});

/** Only for the function's own log group, which the stack creates. `Arn` ends in `:*`, which means every stream of the group. */
const logging = (group: string): Template =>
  allow(["logs:CreateLogStream", "logs:PutLogEvents"], [{ "Fn::GetAtt": [group, "Arn"] }]);

/** A registry in a file needs no permission. */
const reading = (registry: RegistrySource, registryKey: string | undefined): readonly Template[] => {
  const { action, resources, service } = readingOf(registry);
  if (!action) return [];
  return [
    allow([action], resources),
    ...(registryKey ? [allow(["kms:Decrypt"], [registryKey], { StringEquals: { "kms:ViaService": service } })] : []),
  ];
};

const assuming = (assumeRoles: readonly string[]): readonly Template[] =>
  assumeRoles.length > 0 ? [allow(["sts:AssumeRole"], assumeRoles)] : [];

const ofInterfaces = [
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
] as const;
const describing = ["ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"] as const;

/**
 * The permissions that Lambda itself needs to attach the function to a VPC, in the named subnets and with the named security groups. A shared
 * subnet belongs to another account. The describing actions do not support resources, and DeleteNetworkInterface must be allowed for the whole
 * region and account. The function's own code is denied these actions (AWS Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC").
 */
const networking = (
  name: "admission" | "proxy",
  { subnetIds, securityGroupIds }: DeploymentSettings,
): readonly Template[] => {
  if (subnetIds.length === 0) return [];
  const ec2 = (account: string, rest: string) => sub(`arn:\${AWS::Partition}:ec2:\${AWS::Region}:${account}:${rest}`);
  const own = "${AWS::AccountId}";
  const create = "ec2:CreateNetworkInterface";
  return [
    allow(
      [create],
      [
        ec2(own, "network-interface/*"),
        ...subnetIds.map((id) => ec2("*", `subnet/${id}`)),
        ...securityGroupIds.map((id) => ec2("*", `security-group/${id}`)),
      ],
    ),
    allow(ofInterfaces, [ec2(own, "*/*")]),
    allow(describing, ["*"]),
    {
      Effect: "Deny",
      Action: [create, ...ofInterfaces, ...describing],
      Resource: ["*"],
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": sub(functionArn(name)) } },
    },
  ];
};

/** Secrets Manager appends six random characters to a secret's ARN; the name does not contain them. */
const suffix = "-??????";

const readingOf = (registry: RegistrySource) => {
  switch (registry.kind) {
    case "file":
      return {};
    case "secret": {
      const [, , , region] = registry.secret.startsWith("arn:") ? registry.secret.split(":") : [];
      const named = `arn:\${AWS::Partition}:secretsmanager:\${AWS::Region}:\${AWS::AccountId}:secret:${registry.secret}${suffix}`;
      return {
        action: "secretsmanager:GetSecretValue",
        resources: [region ? registry.secret : sub(named)],
        service: sub(`secretsmanager.${region ?? "${AWS::Region}"}.${"${AWS::URLSuffix}"}`),
      };
    }
    case "parameters": {
      const path = `arn:\${AWS::Partition}:ssm:\${AWS::Region}:\${AWS::AccountId}:parameter${registry.path}`;
      return {
        action: "ssm:GetParametersByPath",
        resources: [sub(path), sub(`${path}/*`)],
        service: sub("ssm.${AWS::Region}.${AWS::URLSuffix}"),
      };
    }
  }
};

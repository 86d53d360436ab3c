import { functionArn, sub, type Template } from "./cloudformation.ts";
import type { DeploymentSettings, RegistrySource } from "./params.ts";

/**
 * The policy of the function's role. It replaces the policy of osls, which covers every log group that begins with the stage's name, and the
 * AWS managed policy that osls adds in a VPC, which covers every log group and network interface of the account.
 */
export function roleExtension(settings: DeploymentSettings): Template {
  return {
    IamRoleLambdaExecution: {
      Properties: {
        ManagedPolicyArns: [],
        Policies: [
          {
            PolicyName: "admission",
            PolicyDocument: {
              Version: "2012-10-17",
              Statement: [logging, ...reading(settings), ...assuming(settings), ...networking(settings)],
            },
          },
        ],
      },
    },
  };
}

const allow = (actions: readonly string[], resources: readonly unknown[], condition?: Template): Template => ({
  Effect: "Allow",
  Action: actions,
  Resource: resources,
  ...(condition && { Condition: condition }),
});

/** Only for this function's log group, which the stack creates. `Arn` ends in `:*`, which means every stream of the group. */
const logging = allow(["logs:CreateLogStream", "logs:PutLogEvents"], [{ "Fn::GetAtt": ["AdmissionLogGroup", "Arn"] }]);

/** A registry in a file needs no permission. */
const reading = ({ registry, registryKey }: DeploymentSettings): readonly Template[] => {
  const { action, resources, service } = readingOf(registry);
  if (!action) return [];
  return [
    allow([action], resources),
    ...(registryKey ? [allow(["kms:Decrypt"], [registryKey], { StringEquals: { "kms:ViaService": service } })] : []),
  ];
};

const assuming = ({ assumeRoles }: DeploymentSettings): readonly Template[] =>
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
const networking = ({ subnetIds, securityGroupIds }: DeploymentSettings): readonly Template[] => {
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
      Condition: { ArnEquals: { "lambda:SourceFunctionArn": sub(functionArn) } },
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

import { sub, type Template } from "./cloudformation.ts";
import type { DeploymentSettings, Registry } from "./settings.ts";

/**
 * What the function's role may do besides writing its log: read its registry, and become the roles that are named. A registry in a file
 * needs nothing.
 */
export const statementsOf = ({ registry, registryKey, assumeRoles }: DeploymentSettings): readonly Template[] => {
  const { action, resources, service } = readingOf(registry);
  return [
    ...(action ? [{ Effect: "Allow", Action: [action], Resource: resources }] : []),
    ...(action && registryKey
      ? [
          {
            Effect: "Allow",
            Action: ["kms:Decrypt"],
            Resource: [registryKey],
            Condition: { StringEquals: { "kms:ViaService": service } },
          },
        ]
      : []),
    ...(assumeRoles.length > 0 ? [{ Effect: "Allow", Action: ["sts:AssumeRole"], Resource: assumeRoles }] : []),
  ];
};

/** Secrets Manager ends a secret's ARN with six characters of its own, which the name alone does not tell. */
const suffix = "-??????";

const readingOf = (registry: Registry) => {
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

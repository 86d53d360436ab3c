import { createHash } from "node:crypto";
import { ref, sub, type Template } from "./cloudformation.ts";
import { accessLogFormat } from "./front-door.ts";
import type { DeploymentSettings } from "./params.ts";

/** The stage is the first part of every path of a REST API. */
export const stageName = "v1";

/** A REST API in front of one function. */
export interface RestApi {
  /** The logical id of the API; those of its parts begin with it. */
  readonly id: string;
  /** The logical id of the function. */
  readonly functionId: string;
  readonly properties: Template;
  /** Its resources and methods. */
  readonly routes: Template;
}

/**
 * A REST API with a deployment, a stage that throttles, an access log, and the permission to invoke the function. The resources are written
 * here, because osls sets throttling and the access log of a REST API's stage after the deployment, without CloudFormation.
 */
export function restApi({ id, functionId, properties, routes }: RestApi, settings: DeploymentSettings): Template {
  const api = { Type: "AWS::ApiGateway::RestApi", Properties: properties };
  const methods = Object.entries(routes).filter(
    ([, route]) => (route as Template)["Type"] === "AWS::ApiGateway::Method",
  );
  // A deployment is a snapshot of the API. A changed API needs a new deployment resource, or the change has no effect.
  const content = createHash("sha256").update(JSON.stringify({ api, routes }));
  const deployment = `${id}Deployment${content.digest("hex").slice(0, 12)}`;
  return {
    [id]: api,
    ...routes,
    [deployment]: {
      Type: "AWS::ApiGateway::Deployment",
      DependsOn: methods.map(([method]) => method),
      Properties: { RestApiId: ref(id) },
    },
    [`${id}LogGroup`]: {
      Type: "AWS::Logs::LogGroup",
      Properties: {
        LogGroupName: sub(`/aws/api-gateway/\${${functionId}}`),
        RetentionInDays: settings.logRetentionInDays,
      },
    },
    [`${id}Stage`]: {
      Type: "AWS::ApiGateway::Stage",
      Properties: {
        RestApiId: ref(id),
        DeploymentId: ref(deployment),
        StageName: stageName,
        // Traces and execution logs hold URLs and headers.
        TracingEnabled: false,
        AccessLogSetting: {
          DestinationArn: { "Fn::GetAtt": [`${id}LogGroup`, "Arn"] },
          Format: accessLogFormat,
        },
        MethodSettings: [
          {
            ResourcePath: "/*",
            HttpMethod: "*",
            LoggingLevel: "OFF",
            DataTraceEnabled: false,
            MetricsEnabled: false,
            ThrottlingRateLimit: settings.throttleRate,
            ThrottlingBurstLimit: settings.throttleBurst,
          },
        ],
      },
    },
    [`${id}Permission`]: {
      Type: "AWS::Lambda::Permission",
      Properties: {
        FunctionName: { "Fn::GetAtt": [functionId, "Arn"] },
        Action: "lambda:InvokeFunction",
        Principal: "apigateway.amazonaws.com",
        SourceArn: sub(`arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${${id}}/*`),
      },
    },
  };
}

/** What makes a REST API reachable through VPC endpoints alone: its names resolve to them, and it accepts no other calls. */
export function onlyThrough(vpcEndpointIds: readonly string[]): Template {
  return {
    EndpointConfiguration: { Types: ["PRIVATE"], VpcEndpointIds: vpcEndpointIds },
    Policy: {
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: "*",
          Action: "execute-api:Invoke",
          Resource: `execute-api:/${stageName}/*`,
          Condition: { StringEquals: { "aws:SourceVpce": vpcEndpointIds } },
        },
      ],
    },
  };
}

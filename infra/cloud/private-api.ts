import { createHash } from "node:crypto";
import { admissionFunction, ref, sub, type Template } from "./cloudformation.ts";
import { accessLogFormat } from "./front-door.ts";
import type { DeploymentSettings } from "./params.ts";

/** The stage is the first part of every path of a REST API. */
export const stageName = "v1";

/**
 * A private REST API: its names resolve to VPC endpoints, and it accepts only calls through these endpoints. The resources are written here,
 * because osls sets throttling and the access log of a REST API's stage after the deployment, without CloudFormation.
 */
export function privateApi(settings: DeploymentSettings): Template {
  const api: Template = {
    Type: "AWS::ApiGateway::RestApi",
    Properties: {
      Name: sub(`\${${admissionFunction}}`),
      Description: "Admission webhook, for calls through VPC endpoints",
      EndpointConfiguration: { Types: ["PRIVATE"], VpcEndpointIds: settings.vpcEndpointIds },
      Policy: {
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: "*",
            Action: "execute-api:Invoke",
            Resource: `execute-api:/${stageName}/*`,
            Condition: { StringEquals: { "aws:SourceVpce": settings.vpcEndpointIds } },
          },
        ],
      },
    },
  };
  const routes: Template = {
    PrivateApiProxy: {
      Type: "AWS::ApiGateway::Resource",
      Properties: {
        RestApiId: ref("PrivateApi"),
        ParentId: { "Fn::GetAtt": ["PrivateApi", "RootResourceId"] },
        PathPart: "{proxy+}",
      },
    },
    PrivateApiAny: method(ref("PrivateApiProxy")),
    PrivateApiRootAny: method({ "Fn::GetAtt": ["PrivateApi", "RootResourceId"] }),
  };
  const deployment = deploymentOf({ api, routes });
  return {
    PrivateApi: api,
    ...routes,
    [deployment]: {
      Type: "AWS::ApiGateway::Deployment",
      DependsOn: ["PrivateApiAny", "PrivateApiRootAny"],
      Properties: { RestApiId: ref("PrivateApi") },
    },
    PrivateApiLogGroup: {
      Type: "AWS::Logs::LogGroup",
      Properties: {
        LogGroupName: sub(`/aws/api-gateway/\${${admissionFunction}}`),
        RetentionInDays: settings.logRetentionInDays,
      },
    },
    PrivateApiStage: {
      Type: "AWS::ApiGateway::Stage",
      Properties: {
        RestApiId: ref("PrivateApi"),
        DeploymentId: ref(deployment),
        StageName: stageName,
        // Traces and execution logs hold the URL and so the key.
        TracingEnabled: false,
        AccessLogSetting: {
          DestinationArn: { "Fn::GetAtt": ["PrivateApiLogGroup", "Arn"] },
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
    PrivateApiPermission: {
      Type: "AWS::Lambda::Permission",
      Properties: {
        FunctionName: { "Fn::GetAtt": [admissionFunction, "Arn"] },
        Action: "lambda:InvokeFunction",
        Principal: "apigateway.amazonaws.com",
        SourceArn: sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${PrivateApi}/*"),
      },
    },
  };
}

/** A deployment is a snapshot of the API. A changed API needs a new deployment resource, or the change has no effect. */
const deploymentOf = (content: unknown): string =>
  `PrivateApiDeployment${createHash("sha256").update(JSON.stringify(content)).digest("hex").slice(0, 12)}`;

/** A method that passes every call to the function, which answers an unknown path with the same 404 as a wrong key. */
const method = (resource: Template): Template => ({
  Type: "AWS::ApiGateway::Method",
  Properties: {
    RestApiId: ref("PrivateApi"),
    ResourceId: resource,
    HttpMethod: "ANY",
    AuthorizationType: "NONE",
    Integration: {
      Type: "AWS_PROXY",
      IntegrationHttpMethod: "POST",
      Uri: sub(
        `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/\${${admissionFunction}.Arn}/invocations`,
      ),
    },
  },
});

import { admissionFunction, ref, sub, type Template } from "./cloudformation.ts";
import type { DeploymentSettings } from "./params.ts";
import { onlyThrough, restApi } from "./rest-api.ts";

/** A private REST API for the webhook. */
export function privateApi(settings: DeploymentSettings): Template {
  return restApi(
    {
      id: "PrivateApi",
      functionId: admissionFunction,
      properties: {
        Name: sub(`\${${admissionFunction}}`),
        Description: "Admission webhook, for calls through VPC endpoints",
        ...onlyThrough(settings.vpcEndpointIds),
      },
      routes: {
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
      },
    },
    settings,
  );
}

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

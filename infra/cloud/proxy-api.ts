import { proxyFunction, ref, sub, type Template } from "./cloudformation.ts";
import type { DeploymentSettings } from "./params.ts";
import { onlyThrough, restApi } from "./rest-api.ts";

/** The longest that the gateway and Lambda let one answer take, in seconds. */
export const longestAnswer = 900;

/**
 * The REST API of the proxy, which streams answers. It is regional or private: an edge-optimized one ends a stream after 30 seconds in which
 * nothing is sent. Bodies of requests arrive in base64, whatever they are.
 */
export function proxyApi(settings: DeploymentSettings): Template {
  return restApi(
    {
      id: "ProxyApi",
      functionId: proxyFunction,
      properties: {
        Name: sub(`\${${proxyFunction}}`),
        Description: "Impersonating API proxy",
        BinaryMediaTypes: ["*/*"],
        ...(settings.vpcEndpointIds.length > 0
          ? onlyThrough(settings.vpcEndpointIds)
          : { EndpointConfiguration: { Types: ["REGIONAL"] } }),
      },
      routes: {
        ProxyApiK8s: part({ "Fn::GetAtt": ["ProxyApi", "RootResourceId"] }, "k8s"),
        ProxyApiClusters: part(ref("ProxyApiK8s"), "clusters"),
        ProxyApiCluster: part(ref("ProxyApiClusters"), "{proxy+}"),
        ProxyApiAny: {
          Type: "AWS::ApiGateway::Method",
          Properties: {
            RestApiId: ref("ProxyApi"),
            ResourceId: ref("ProxyApiCluster"),
            HttpMethod: "ANY",
            // The function authenticates: the API server's callers have its tokens, not those of AWS.
            AuthorizationType: "NONE",
            Integration: {
              Type: "AWS_PROXY",
              IntegrationHttpMethod: "POST",
              ResponseTransferMode: "STREAM",
              TimeoutInMillis: 1000 * longestAnswer,
              Uri: sub(
                `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2021-11-15/functions/\${${proxyFunction}.Arn}/response-streaming-invocations`,
              ),
            },
          },
        },
      },
    },
    settings,
  );
}

const part = (parent: Template, text: string): Template => ({
  Type: "AWS::ApiGateway::Resource",
  Properties: { RestApiId: ref("ProxyApi"), ParentId: parent, PathPart: text },
});

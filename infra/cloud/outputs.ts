import { admissionFunction, ref, sub, type Template } from "./cloudformation.ts";

const getAtt = (logicalId: string, attribute: string) => ({ "Fn::GetAtt": [logicalId, attribute] });

/** The names and ARNs that the docs need, and the URLs with placeholders for cluster and key. */
export function outputs(base: string): Template {
  return {
    FunctionName: {
      Description: "Name of the function and of its dashboard; the names of its alarms begin with it",
      Value: ref(admissionFunction),
    },
    FunctionArn: { Description: "ARN of the function", Value: getAtt(admissionFunction, "Arn") },
    RoleArn: {
      Description: "ARN of the function's role, for access entries of EKS and for the trust policies of assumeRoles",
      Value: getAtt("IamRoleLambdaExecution", "Arn"),
    },
    LogGroupName: { Description: "Name of the function's log group", Value: ref("AdmissionLogGroup") },
    BaseUrl: { Description: "Address of the webhook; GET /readyz tells whether it has a registry", Value: sub(base) },
    WebhookUrl: {
      Description: "URL for npm run manifests -- --url; insert the cluster's name and its key",
      Value: sub(`${base}/clusters/CLUSTER/KEY`),
    },
    MutateUrl: {
      Description: "clientConfig.url of the mutating webhook",
      Value: sub(`${base}/clusters/CLUSTER/KEY/mutate`),
    },
    ValidateUrl: {
      Description: "clientConfig.url of the validating webhook",
      Value: sub(`${base}/clusters/CLUSTER/KEY/validate`),
    },
  };
}

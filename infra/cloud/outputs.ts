import { admissionFunction, ref, sub, type Template } from "./cloudformation.ts";

const getAtt = (logicalId: string, attribute: string) => ({ "Fn::GetAtt": [logicalId, attribute] });

/** The names and ARNs that the docs ask for, and the URLs, with the names that are to be filled in. */
export function outputs(base: string): Template {
  return {
    FunctionName: { Description: "Of the function, its alarms and its dashboard", Value: ref(admissionFunction) },
    FunctionArn: { Description: "Of the function", Value: getAtt(admissionFunction, "Arn") },
    RoleArn: {
      Description: "Of the function's role: for access entries of EKS, and for the trust policy of assumeRoles",
      Value: getAtt("IamRoleLambdaExecution", "Arn"),
    },
    LogGroupName: { Description: "Where the function logs", Value: ref("AdmissionLogGroup") },
    BaseUrl: { Description: "Where the webhook is; GET /readyz says whether it has a registry", Value: sub(base) },
    WebhookUrl: {
      Description: "For npm run manifests -- --url, with the cluster's name and its key",
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

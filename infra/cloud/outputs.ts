import { sub, type Template } from "./cloudformation.ts";

/** What `npm run manifests -- --url` takes, with the names that are to be filled in. */
export const outputs = (base: string): Template => ({
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
});

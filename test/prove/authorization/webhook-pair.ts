import type { Pair } from "../worlds/cases.ts";
import type { FrontProxy } from "../worlds/front-proxy.ts";

const apiVersion = "deploy.razee.io/v1alpha2";

/** Whether a declared identity stays in an object that goes through the API server and the whole webhook. Nothing is stored. */
export const staysInObject = async (as: FrontProxy, { requester, declared }: Pair): Promise<boolean> => {
  const { status, body } = await as(requester, {
    method: "POST",
    path: `/apis/${apiVersion}/namespaces/default/mustachetemplates?dryRun=All`,
    body: {
      apiVersion,
      kind: "MustacheTemplate",
      metadata: { name: "prove", namespace: "default" },
      spec: { clusterAuth: { impersonateUser: declared } },
    },
  });
  if (status === 201) return body.spec.clusterAuth.impersonateUser === declared;
  if (status === 403 || status === 422) return false;
  throw new Error(`${requester.name} declares ${declared}: ${status} ${JSON.stringify(body)}`);
};

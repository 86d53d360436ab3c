import { serviceAccountOf } from "../../lib/identity/index.ts";
import { isObject } from "../../lib/meta/json.ts";
import { messageOf } from "../cluster/api-client.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import type { Site } from "./site.ts";

const check = "razee-config";
const group = "deploy.razee.io";
const configMap = "razeedeploy-config";
const key = "enable-impersonation";

/**
 * Checks that Razee's controllers use the field at all (razeedeploy-core `BaseController`): unless their ConfigMap says so, they set it to
 * `razeedeploy` in every namespace but that of this name, and act as their own account.
 */
export async function checkRazeeConfig({ api, policy, served }: Site): Promise<readonly CheckResult[]> {
  const installed = served.get(group) ?? new Map();
  const targets = policy.targets.filter(
    (target) => target.group === group && target.resources.some((each) => installed.has(each)),
  );
  if (targets.length === 0) return [];
  const accounts = targets.flatMap(({ fields }) => fields.flatMap(({ privileged }) => Object.values(privileged)));
  const namespaces = new Set(accounts.flatMap((account) => serviceAccountOf(account)?.namespace ?? []));
  if (namespaces.size === 0)
    return [
      warn(
        check,
        `not checked: whether Razee's controllers impersonate at all, because the policy's privileged values name no service account, whose namespace has the ConfigMap ${configMap}`,
        `see that ${key} is "true" in the ConfigMap ${configMap} of the controllers`,
      ),
    ];
  return Promise.all([...namespaces].map((namespace) => resultIn(api, namespace)));
}

const resultIn = async (api: Site["api"], namespace: string): Promise<CheckResult> => {
  const where = `ConfigMap ${namespace}/${configMap}`;
  const reply = await api.send({ path: `/api/v1/namespaces/${namespace}/configmaps/${configMap}` });
  if (reply.status !== 200 && reply.status !== 404)
    return warn(
      check,
      `not checked: whether Razee's controllers impersonate at all: ${where} cannot be read: ${messageOf(reply)}`,
      `run the doctor as a user who may get configmaps/${configMap} in namespace ${namespace}`,
    );
  const { data } = reply.body;
  const value = isObject(data) ? data[key] : undefined;
  // As the controllers read it.
  if (typeof value === "string" && value.trim().toLowerCase() === "true")
    return ok(check, `${where} has ${key}: true, so Razee's controllers act as the identities that the objects name`);
  const found =
    reply.status === 404
      ? "does not exist"
      : value === undefined
        ? `has no ${key}`
        : `has ${key}: ${JSON.stringify(value)}`;
  return fail(
    check,
    `the guard has no effect: ${where} ${found}, so Razee's controllers set every object to razeedeploy and act as their own account, which may do everything`,
    reply.status === 404
      ? `kubectl create configmap ${configMap} -n ${namespace} --from-literal=${key}=true`
      : `kubectl patch configmap ${configMap} -n ${namespace} --type=merge -p '{"data":{"${key}":"true"}}'`,
  );
};

import { formatExcess, readActorRights } from "../../functions/cluster/actor-rights.ts";
import { isObject } from "../../lib/meta/json.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import type { ProxySite } from "./proxy-site.ts";

const check = "proxy-actor";
const patience = 10_000;

/** The username of the acting account; undefined where its credential is not known, or not accepted. */
export async function actorName({ acting }: ProxySite): Promise<string | undefined> {
  if (acting === undefined) return undefined;
  const { status, text } = await acting.send({
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" }),
    signal: AbortSignal.timeout(patience),
  });
  const review: unknown = status === 201 ? JSON.parse(text) : undefined;
  const user = isObject(review) && isObject(review["status"]) ? review["status"]["userInfo"] : undefined;
  return isObject(user) && typeof user["username"] === "string" ? user["username"] : undefined;
}

/** Checks that the acting account may impersonate and nothing else. */
export async function checkProxyActor(site: ProxySite): Promise<readonly CheckResult[]> {
  const { acting } = site;
  if (acting === undefined)
    return [
      warn(
        check,
        "the rights of the acting account were not checked",
        "name it with --actor, a user of the proxy's kubeconfig (--actor-kubeconfig)",
      ),
    ];
  try {
    const actor = await actorName(site);
    if (actor === undefined)
      return [fail(check, "the API server does not accept the credential of the acting account", "renew its token")];
    const { excess, isIncomplete, namespaces } = await readActorRights(acting, actor, patience);
    const name = JSON.stringify(actor);
    if (excess.length > 0)
      return [
        fail(
          check,
          `${name} may do more than impersonate: ${formatExcess(excess)}`,
          "take these rights away from it, so that its token can only be used to impersonate",
        ),
      ];
    return [
      isIncomplete
        ? warn(
            check,
            `what ${name} may do is not known in full, because an authorizer besides RBAC does not tell`,
            "check its rights in the other authorizers of this cluster: it may impersonate, and nothing else",
          )
        : ok(check, `${name} may impersonate, and nothing else in ${namespaces.join(", ")}`),
    ];
  } catch (error) {
    return [fail(check, error instanceof Error ? error.message : String(error), "check its role and its credential")];
  }
}

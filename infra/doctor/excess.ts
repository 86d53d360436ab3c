import type { JsonObject } from "../../lib/meta/json.ts";
import type { ResourceAttributes } from "../../lib/question/index.ts";
import { objectsIn } from "../cluster/discovery.ts";

/** Something that the webhook's identity may do and does not need. */
export interface Excess {
  /** `get secrets`, `* deployments.apps`, `get /metrics`. */
  readonly text: string;
  /** Whether it changes something, or shows secrets. */
  readonly grave: boolean;
  /** What to ask about it; undefined for a URL. */
  readonly attributes: ResourceAttributes | undefined;
}

/** What it is for, and what everybody who is logged in may ask about themselves (`system:basic-user`). */
const needed = new Set([
  "create subjectaccessreviews.authorization.k8s.io",
  "create selfsubjectaccessreviews.authorization.k8s.io",
  "create selfsubjectrulesreviews.authorization.k8s.io",
  "create selfsubjectreviews.authentication.k8s.io",
  // Service accounts: what signs the API server's own certificates.
  "get clustertrustbundles.certificates.k8s.io",
  "list clustertrustbundles.certificates.k8s.io",
  "watch clustertrustbundles.certificates.k8s.io",
]);

/** `system:discovery`, `system:public-info-viewer`, `system:service-account-issuer-discovery`. */
const harmlessUrl =
  /^\/(apis?(\/\*)?|healthz|livez|readyz|version\/?|openapi(\/\*)?|\.well-known\/openid-configuration\/?|openid\/v1\/jwks\/?)$/;

const readingVerbs = new Set(["get", "list", "watch"]);

const texts = (list: unknown): readonly string[] => (Array.isArray(list) ? list.map(String) : []);

/** What the status of a SelfSubjectRulesReview has beyond what the webhook's identity needs. */
export function excessIn(status: JsonObject): readonly Excess[] {
  return [
    ...objectsIn(status["resourceRules"]).flatMap(resourceExcess),
    ...objectsIn(status["nonResourceRules"]).flatMap(({ verbs, nonResourceURLs }) =>
      texts(nonResourceURLs)
        .filter((url) => !harmlessUrl.test(url))
        .flatMap((url) =>
          texts(verbs).map((verb) => ({ text: `${verb} ${url}`, grave: verb !== "get", attributes: undefined })),
        ),
    ),
  ];
}

const resourceExcess = ({ verbs, apiGroups, resources, resourceNames }: JsonObject): readonly Excess[] =>
  texts(verbs).flatMap((verb) =>
    texts(apiGroups).flatMap((group) =>
      texts(resources).flatMap((whole) => {
        const what = `${verb} ${whole}${group && `.${group}`}`;
        if (needed.has(what)) return [];
        const [resource = "", subresource] = whole.split("/");
        const names = texts(resourceNames);
        const grave =
          !readingVerbs.has(verb) || resource === "secrets" || (resource === "*" && ["", "*"].includes(group));
        const attributes = { verb, group, version: "v1", resource, ...(subresource ? { subresource } : {}) };
        return (names.length > 0 ? names : [""]).map((name) => ({
          text: name ? `${what}/${name}` : what,
          grave,
          attributes: { ...attributes, name },
        }));
      }),
    ),
  );

import type { JsonObject } from "../../lib/meta/json.ts";
import type { ResourceAttributes } from "../../lib/question/index.ts";
import { objectsIn } from "../cluster/discovery.ts";

/** A permission that the webhook's identity has but does not need. */
export interface ExcessPermission {
  /** `get secrets`, `* deployments.apps`, `get /metrics`. */
  readonly text: string;
  /** Whether it allows changes, or reading secrets. */
  readonly severe: boolean;
  /** The attributes for a question about it; undefined for a URL. */
  readonly attributes: ResourceAttributes | undefined;
}

/** The permission that the identity needs, and those of every authenticated user about itself (`system:basic-user`). */
const needed = new Set([
  "create subjectaccessreviews.authorization.k8s.io",
  "create selfsubjectaccessreviews.authorization.k8s.io",
  "create selfsubjectrulesreviews.authorization.k8s.io",
  "create selfsubjectreviews.authentication.k8s.io",
  // Service accounts may read the CAs of the API server's own certificates.
  "get clustertrustbundles.certificates.k8s.io",
  "list clustertrustbundles.certificates.k8s.io",
  "watch clustertrustbundles.certificates.k8s.io",
]);

/** `system:discovery`, `system:public-info-viewer`, `system:service-account-issuer-discovery`. */
const harmlessUrl =
  /^\/(apis?(\/\*)?|healthz|livez|readyz|version\/?|openapi(\/\*)?|\.well-known\/openid-configuration\/?|openid\/v1\/jwks\/?)$/;

const readingVerbs = new Set(["get", "list", "watch"]);

const texts = (list: unknown): readonly string[] => (Array.isArray(list) ? list.map(String) : []);

/** The permissions in the status of a SelfSubjectRulesReview that the webhook's identity does not need. */
export function excessPermissions(status: JsonObject): readonly ExcessPermission[] {
  return [
    ...objectsIn(status["resourceRules"]).flatMap(resourceExcess),
    ...objectsIn(status["nonResourceRules"]).flatMap(({ verbs, nonResourceURLs }) =>
      texts(nonResourceURLs)
        .filter((url) => !harmlessUrl.test(url))
        .flatMap((url) =>
          texts(verbs).map((verb) => ({ text: `${verb} ${url}`, severe: verb !== "get", attributes: undefined })),
        ),
    ),
  ];
}

const resourceExcess = ({ verbs, apiGroups, resources, resourceNames }: JsonObject): readonly ExcessPermission[] =>
  texts(verbs).flatMap((verb) =>
    texts(apiGroups).flatMap((group) =>
      texts(resources).flatMap((whole) => {
        const permission = `${verb} ${whole}${group && `.${group}`}`;
        if (needed.has(permission)) return [];
        const [resource = "", subresource] = whole.split("/");
        const names = texts(resourceNames);
        const severe =
          !readingVerbs.has(verb) || resource === "secrets" || (resource === "*" && ["", "*"].includes(group));
        const attributes = { verb, group, version: "v1", resource, ...(subresource ? { subresource } : {}) };
        return (names.length > 0 ? names : [""]).map((name) => ({
          text: name ? `${permission}/${name}` : permission,
          severe,
          attributes: { ...attributes, name },
        }));
      }),
    ),
  );

import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Connection } from "./connection.ts";

/** What a user may do in a namespace, as far as the API server's authorizers tell. */
export interface OwnRules {
  /** `get secrets`, `impersonate users`, `* deployments.apps/name`, `get /metrics`; each verb, resource and name apart. */
  readonly rules: ReadonlySet<string>;
  /** Whether an authorizer did not tell all. */
  readonly isIncomplete: boolean;
}

/** A user to read the rules of by impersonation. */
export interface RulesOf {
  readonly username: string;
  readonly groups: readonly string[];
}

const path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews";

/**
 * Reads what the connection's user may do in a namespace (SelfSubjectRulesReview).
 *
 * @param as another user, whose rules are read by impersonation
 * @throws where the API server does not answer with the rules
 */
export async function readOwnRules(
  { label, send }: Connection,
  namespace: string,
  signal: AbortSignal,
  as?: RulesOf,
): Promise<OwnRules> {
  const review = { apiVersion: "authorization.k8s.io/v1", kind: "SelfSubjectRulesReview", spec: { namespace } };
  const headers: Record<string, string | string[]> =
    as === undefined ? {} : { "Impersonate-User": as.username, "Impersonate-Group": [...as.groups] };
  const { status, text } = await send({ path, body: JSON.stringify(review), headers, signal });
  if (status !== 201) throw new Error(`the API server of ${label} answered ${status} to a SelfSubjectRulesReview`);
  const answer: unknown = JSON.parse(text);
  const found = isObject(answer) && isObject(answer["status"]) ? answer["status"] : undefined;
  if (found === undefined) throw new Error(`the SelfSubjectRulesReview of ${label} came back without a status`);
  return {
    rules: new Set([
      ...objectsIn(found["resourceRules"]).flatMap(resourceRules),
      ...objectsIn(found["nonResourceRules"]).flatMap(({ verbs, nonResourceURLs }) =>
        textsIn(verbs).flatMap((verb) => textsIn(nonResourceURLs).map((url) => `${verb} ${url}`)),
      ),
    ]),
    isIncomplete: found["incomplete"] === true,
  };
}

const objectsIn = (list: unknown): readonly JsonObject[] => (Array.isArray(list) ? list.filter(isObject) : []);
const textsIn = (list: unknown): readonly string[] => (Array.isArray(list) ? list.map(String) : []);

const resourceRules = ({ verbs, apiGroups, resources, resourceNames }: JsonObject): readonly string[] => {
  const names = textsIn(resourceNames);
  return textsIn(verbs).flatMap((verb) =>
    textsIn(apiGroups).flatMap((group) =>
      textsIn(resources).flatMap((resource) =>
        (names.length > 0 ? names : [""]).map(
          (name) => `${verb} ${resource}${group && `.${group}`}${name && `/${name}`}`,
        ),
      ),
    ),
  );
};

import type { NonResourceAttributes, ResourceAttributes } from "../question/question.ts";

/** `rbac.authorization.k8s.io/v1` PolicyRule. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames: readonly string[];
  readonly nonResourceURLs: readonly string[];
}

const covers = (granted: readonly string[], asked: string): boolean => granted.includes("*") || granted.includes(asked);

/**
 * Whether one rule grants a request (`plugin/pkg/auth/authorizer/rbac` RuleAllows, `pkg/apis/rbac/v1` evaluation_helpers.go). Texts are
 * compared as they are: `*` is a wildcard in a rule, and an ordinary name in a question. A rule on `pods` does not cover `pods/log`; `*`
 * covers both. A rule with resource names does not cover the empty name. The version is ignored.
 *
 * @example
 * const rule = { verbs: ["*"], apiGroups: [""], resources: ["users"], resourceNames: ["bob"], nonResourceURLs: [] };
 * ruleAllows(rule, { verb: "impersonate", group: "", version: "v1", resource: "users", name: "bob" }); // true
 */
export function ruleAllows(rule: PolicyRule, asked: ResourceAttributes): boolean {
  const { verb, group, resource, subresource = "", name } = asked;
  const whole = subresource === "" ? resource : `${resource}/${subresource}`;
  const ofAnyResource = subresource !== "" && rule.resources.includes(`*/${subresource}`);
  return (
    covers(rule.verbs, verb) &&
    covers(rule.apiGroups, group) &&
    (covers(rule.resources, whole) || ofAnyResource) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  );
}

/** Whether one rule grants a path that does not name a resource: that path, or each path that begins like a rule that ends with `*`. */
export function ruleAllowsPath({ verbs, nonResourceURLs }: PolicyRule, { verb, path }: NonResourceAttributes): boolean {
  const isGranted = (url: string): boolean =>
    url === path || (url.endsWith("*") && path.startsWith(url.replace(/\*+$/, "")));
  return covers(verbs, verb) && nonResourceURLs.some(isGranted);
}

import { serviceAccountUsername } from "../identity/service-account.ts";
import { goQuote } from "../meta/go-quote.ts";
import { type Answer, isPathQuestion, type Question } from "../question/question.ts";
import type { Binding, Subject } from "./binding.ts";
import { type PolicyRule, ruleAllows, ruleAllowsPath } from "./rule-allows.ts";
import type { World } from "./world.ts";

const isMeant = (subject: Subject, user: string, groups: ReadonlySet<string>): boolean => {
  switch (subject.kind) {
    case "User":
      return subject.name === user;
    case "Group":
      return groups.has(subject.name);
    case "ServiceAccount":
      return serviceAccountUsername(subject) === user;
  }
};

const rulesBound = (
  world: World,
  { namespace, roleRef: { kind, name } }: Binding,
): readonly PolicyRule[] | undefined =>
  kind === "Role" ? world.roles.get(`${namespace}/${name}`) : world.clusterRoles.get(name);

const notFound = ({ roleRef: { kind, name } }: Binding): string =>
  `${kind.toLowerCase()}.rbac.authorization.k8s.io ${goQuote(name)} not found`;

const describe = ({ namespace, name, roleRef }: Binding, subject: Subject): string => {
  const binding =
    namespace === "" ? `ClusterRoleBinding ${goQuote(name)}` : `RoleBinding ${goQuote(`${name}/${namespace}`)}`;
  const who = subject.kind === "ServiceAccount" ? `${subject.name}/${subject.namespace}` : subject.name;
  return `${binding} of ${roleRef.kind} ${goQuote(roleRef.name)} to ${subject.kind} ${goQuote(who)}`;
};

/**
 * Answers a question from manifests as the API server's RBAC authorizer would, in its words (`plugin/pkg/auth/authorizer/rbac`,
 * `pkg/registry/rbac/validation` VisitRulesFor). It denies by default, and the first binding that grants ends the search. The groups are
 * those of the question: a service account is in `system:serviceaccounts` only if the question lists that group. A RoleBinding counts only
 * in its own namespace. `system:masters` may do everything, without a reason.
 *
 * A binding to a missing role does not hide other bindings. The reason of a no names the missing role. Since Kubernetes 1.37 the API server
 * itself puts `rbac: ` before that.
 *
 * @returns yes or no; no answer (502) to a question without a user and without groups, which an API server refuses too. It never throws.
 * @example authorize(world, impersonationQuestion(alice, "bob")) // { allowed: false, reason: "" }
 */
export function authorize(world: World, question: Question): Answer {
  const { user, groups } = question;
  if (user === "" && groups.length === 0)
    return { code: 502, failure: "the question has no user and no group: at least one of them must be specified" };
  const memberships = new Set(groups);
  if (memberships.has("system:masters")) return { allowed: true, reason: "" };

  const missing = new Set<string>();
  const inNamespace = isPathQuestion(question) ? undefined : question.resourceAttributes.namespace;
  const allows = (rule: PolicyRule): boolean =>
    isPathQuestion(question)
      ? ruleAllowsPath(rule, question.nonResourceAttributes)
      : ruleAllows(rule, question.resourceAttributes);
  const local = world.roleBindings.filter(({ namespace }) => namespace === inNamespace);
  for (const binding of [...world.clusterRoleBindings, ...local]) {
    const subject = binding.subjects.find((candidate) => isMeant(candidate, user, memberships));
    if (!subject) continue;
    const rules = rulesBound(world, binding);
    if (!rules) missing.add(notFound(binding));
    else if (rules.some(allows)) return { allowed: true, reason: `RBAC: allowed by ${describe(binding, subject)}` };
  }
  const errors = [...missing].join(", ");
  return { allowed: false, reason: errors && `RBAC: ${missing.size > 1 ? `[${errors}]` : errors}` };
}

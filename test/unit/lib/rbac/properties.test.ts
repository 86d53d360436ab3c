import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Question } from "../../../../lib/question/question.ts";
import { authorize, RbacError, readWorld } from "../../../../lib/rbac/index.ts";
import { ask, clusterRole, clusterRoleBinding, role, roleBinding } from "./build.ts";

// Few values, so that rules, subjects and questions meet often.
const namespace = fc.constantFrom("t1", "t2");
const name = fc.constantFrom("a", "b", "c");
const some = (...values: readonly string[]) => fc.subarray([...values], { minLength: 1 });

const rule = fc.record(
  {
    verbs: some("*", "impersonate", "get"),
    apiGroups: some("", "*", "authentication.k8s.io"),
    resources: some("*", "users", "serviceaccounts", "userextras/scopes", "*/scopes"),
    resourceNames: fc.subarray(["a", "b", "*"]),
  },
  { requiredKeys: ["verbs", "apiGroups", "resources"] },
);
const subject = fc.oneof(
  name.map((user) => `User ${user}`),
  name.map((group) => `Group ${group}`),
  fc.tuple(namespace, name).map(([ns, account]) => `ServiceAccount ${ns}/${account}`),
);
const ref = fc.tuple(fc.constantFrom("Role", "ClusterRole"), name).map((parts) => parts.join(" "));
const rules = fc.array(rule, { maxLength: 3 });
const subjects = fc.array(subject, { maxLength: 3 });

const identity = (manifest: object): string => {
  const { kind, metadata } = manifest as { kind: string; metadata: { name: string; namespace?: string } };
  return [kind, metadata.namespace, metadata.name].join("/");
};
const role_ = fc.tuple(namespace, name, rules).map(([ns, n, list]) => role(ns, n, ...list));
const clusterRole_ = fc.tuple(name, rules).map(([n, list]) => clusterRole(n, ...list));
const clusterRoleBinding_ = fc
  .tuple(name, name, subjects)
  .map(([n, bound, list]) => clusterRoleBinding(n, `ClusterRole ${bound}`, ...list));
const roleBinding_ = fc
  .tuple(namespace, name, ref, subjects)
  .map(([ns, n, bound, list]) => roleBinding(ns, n, bound, ...list));

const binding = fc.oneof(clusterRoleBinding_, roleBinding_);
const manifests = fc.uniqueArray(fc.oneof(role_, clusterRole_, binding), { selector: identity, maxLength: 15 });

const question: fc.Arbitrary<Question> = fc
  .record({
    user: fc.oneof(name, fc.constantFrom("system:serviceaccount:t1:a", "system:serviceaccount:t2:b", "")),
    groups: fc.subarray(["a", "b", "c", "x"]),
    verb: fc.constantFrom("impersonate", "get", "*"),
    group: fc.constantFrom("", "authentication.k8s.io", "*"),
    resource: fc.constantFrom("users", "serviceaccounts", "userextras"),
    subresource: fc.constantFrom("", "scopes"),
    namespace: fc.constantFrom("", "t1", "t2"),
    name: fc.constantFrom("a", "b", "c", ""),
  })
  .map(({ user, groups, ...attributes }) => ask({ user, groups }, attributes));

const allowed = (objects: readonly unknown[], asked: Question): boolean => {
  const answer = authorize(readWorld(objects), asked);
  return "allowed" in answer && answer.allowed;
};

describe("for every world and question", () => {
  test("one more binding turns no yes into a no", () => {
    fc.assert(
      fc.property(manifests, binding, question, (world, more, asked) => {
        fc.pre(!world.some((manifest) => identity(manifest) === identity(more)));
        fc.pre(allowed(world, asked));
        expect(allowed([more, ...world], asked)).toBe(true);
      }),
    );
  });

  test("the order of the manifests does not matter", () => {
    const shuffled = manifests.chain((world) =>
      fc.tuple(fc.constant(world), fc.shuffledSubarray(world, { minLength: world.length })),
    );
    fc.assert(
      fc.property(shuffled, question, ([world, other], asked) => {
        expect(allowed(other, asked)).toBe(allowed(world, asked));
      }),
    );
  });

  test("nor does it matter whether they come in a list", () => {
    fc.assert(
      fc.property(manifests, question, (world, asked) => {
        const list = { apiVersion: "v1", kind: "List", items: world };
        expect(authorize(readWorld([list]), asked)).toEqual(authorize(readWorld(world), asked));
      }),
    );
  });

  test("a yes names a binding that allows it alone with its role", () => {
    fc.assert(
      fc.property(manifests, question, (world, asked) => {
        const answer = authorize(readWorld(world), asked);
        fc.pre("allowed" in answer && answer.allowed);
        const [, kind, bound] = /by (\w+) "(.*?)"/.exec("reason" in answer ? answer.reason : "") ?? [];
        const isNamed = (manifest: object) => {
          const [manifestKind, ns, n] = identity(manifest).split("/");
          return manifestKind === kind && (ns ? `${n}/${ns}` : n) === bound;
        };
        const alone = world.filter((manifest) => identity(manifest).includes("Role/") || isNamed(manifest));
        expect(authorize(readWorld(alone), asked)).toEqual(answer);
      }),
    );
  });

  test("a question only ever gets an answer", () => {
    const anyQuestion = fc.record({
      user: fc.string({ unit: "binary" }),
      groups: fc.array(fc.string({ unit: "binary" })),
      extra: fc.dictionary(fc.string(), fc.array(fc.string())),
      resourceAttributes: fc.record({
        verb: fc.string(),
        group: fc.string(),
        version: fc.string(),
        resource: fc.string(),
        subresource: fc.string(),
        namespace: fc.string(),
        name: fc.string({ unit: "binary" }),
      }),
    });
    fc.assert(
      fc.property(manifests, fc.oneof(anyQuestion, question), (world, asked) => {
        const answer = authorize(readWorld(world), asked);
        if ("code" in answer)
          expect(answer).toEqual({ code: 502, failure: expect.stringContaining("no user and no group") });
        else expect(answer).toEqual({ allowed: expect.any(Boolean), reason: expect.any(String) });
      }),
    );
  });

  test("manifests are read or refused with an error of our own", () => {
    const known = fc.constantFrom(
      ...["kind", "apiVersion", "metadata", "name", "namespace", "labels", "rules", "verbs", "apiGroups", "resources"],
      ...["subjects", "roleRef", "items", "aggregationRule", "clusterRoleSelectors", "matchLabels", "__proto__"],
    );
    const value = fc.oneof(
      fc.constantFrom("Role", "ClusterRoleBinding", "List", "RoleList", "rbac.authorization.k8s.io/v1", "User"),
      fc.anything(),
    );
    const tree = fc.letrec<{ node: unknown; object: object }>((tie) => ({
      node: fc.oneof({ depthSize: "small" }, value, fc.array(tie("node"), { maxLength: 3 }), tie("object")),
      object: fc.dictionary(known, tie("node"), { maxKeys: 6 }),
    })).object;
    const broken = fc
      .tuple(fc.oneof(role_, clusterRole_, binding), tree)
      .map(([manifest, changes]) => ({ ...manifest, ...changes }));
    fc.assert(
      fc.property(fc.array(fc.oneof(tree, broken), { maxLength: 4 }), (objects) => {
        try {
          readWorld(objects);
        } catch (error) {
          expect(error).toBeInstanceOf(RbacError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

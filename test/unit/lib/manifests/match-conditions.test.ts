import { describe, expect, test } from "vitest";
import { readPolicy } from "../../../../lib/index.ts";
import {
  mutateConditions,
  statusConditions,
  subresourceConditions,
  validateConditions,
} from "../../../../lib/manifests/cel.ts";
import type { Target } from "../../../../lib/policy/policy.ts";

const targetOf = (target: object): Target => {
  const [read] = readPolicy({ name: "mine", targets: [target] }).targets;
  if (!read) throw new Error("no target");
  return read;
};
const thing = { group: "g.example", versions: ["v1"], resources: ["things"] };
const fieldsOf = (...fields: readonly unknown[]) => targetOf({ ...thing, fields });
const razee = targetOf({ preset: "razee" });
const scopes = "scopes.authorization.openshift.io";

const equalOutside = (members: string, beyond: string, metadata = "") =>
  "request.operation == 'UPDATE' && object != null && oldObject != null && (size(object) <= 64 && size(oldObject) <= 64" +
  ` ? object.all(k, k in ${members} || (k in oldObject && object[k] == oldObject[k]))` +
  ` && oldObject.all(k, k in ${members} || k in object) : ${beyond})${metadata}`;
const unchangedForMutate = (metadata = "") => equalOutside("['metadata', 'status']", "false", metadata);
const unchangedForValidate = (metadata = "") =>
  `${equalOutside("['metadata']", "has(object.metadata.generation)", metadata)}` +
  " && object.metadata.?generation == oldObject.metadata.?generation";

describe("the Razee preset", () => {
  const at = "object.spec.clusterAuth.impersonateUser";
  const there =
    "type(object) == map && has(object.spec) && type(object.spec) == map && has(object.spec.clusterAuth)" +
    ` && type(object.spec.clusterAuth) == map && has(${at})`;
  const plain =
    `object != null && ${there} && type(${at}) == string && size(string(${at})) < 512` +
    ` && string(${at}).matches('^[!-~]([ -~]*[!-~])?$')` +
    ` && !(string(${at}) in ['razeedeploy', 'false'])` +
    ` && !(has(request.userInfo.extra) && '${scopes}' in request.userInfo.extra)`;
  const part = (index: number) => `string(${at}).split(':')[${index}]`;

  test("the mutating call is spared where nothing is to be patched", () => {
    expect(mutateConditions(razee, [scopes])).toEqual([
      { name: "changed", expression: `!(${unchangedForMutate()})` },
      { name: "not-the-requester", expression: `!(${plain} && string(${at}) == request.userInfo.username)` },
      {
        name: "not-a-permitted-user",
        expression:
          `!(${plain} && !string(${at}).startsWith('system:serviceaccount:')` +
          ` && authorizer.group('').resource('users').name(string(${at})).check('impersonate').allowed())`,
      },
      {
        name: "not-a-permitted-serviceaccount",
        expression:
          `!(${plain} && string(${at}).matches('^system:serviceaccount:[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?:[a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*$')` +
          ` && size(${part(3)}) <= 253` +
          ` && authorizer.group('').resource('serviceaccounts').namespace(${part(2)}).name(${part(3)}).check('impersonate').allowed())`,
      },
    ]);
  });

  test("the validating call is spared where nothing changed, not even the generation", () => {
    expect(validateConditions(razee)).toEqual([{ name: "changed", expression: `!(${unchangedForValidate()})` }]);
  });

  test("the generation of a built-in kind does not count: an annotation counts a Deployment's up", () => {
    const deployments = targetOf({ ...thing, group: "apps", resources: ["deployments"], fields: ["spec.a"] });
    expect(validateConditions(deployments)).toEqual([
      { name: "changed", expression: `!(${equalOutside("['metadata']", "false")})` },
    ]);
  });

  test("the status call is spared where status.children did not change, and holds no numbers", () => {
    const side = (root: string) => ({
      there: `type(${root}) == map && has(${root}.status) && type(${root}.status) == map && has(${root}.status.children)`,
      absent:
        `(!(has(${root}.status)) || (type(${root}) == map && has(${root}.status)` +
        ` && type(${root}.status) == map && !(has(${root}.status.children))))`,
    });
    const [now, before] = [side("object"), side("oldObject")];
    const value = "object.status.children";
    const withoutNumbers =
      `(type(${value}) == string || (type(${value}) == map && size(${value}) <= 256 && ${value}.all(k, type(${value}[k]) == string` +
      ` || (type(${value}[k]) == map && size(${value}[k]) <= 16 && ${value}[k].all(j, type(${value}[k][j]) == string)))))`;
    expect(statusConditions(razee)).toEqual([
      {
        name: "status-changed",
        expression:
          `!(object != null && oldObject != null && ((${now.there} && ${before.there}` +
          ` && ${value} == oldObject.status.children && ${withoutNumbers}) || (${now.absent} && ${before.absent})))`,
      },
    ]);
  });

  test("without privileged values and narrowing keys the guards are shorter", () => {
    const expressions = mutateConditions(fieldsOf("spec.runAs"), []).map(({ expression }) => expression);
    expect(expressions[1]).toBe(
      "!(object != null && type(object) == map && has(object.spec) && type(object.spec) == map && has(object.spec.runAs)" +
        " && type(object.spec.runAs) == string && size(string(object.spec.runAs)) < 512" +
        " && string(object.spec.runAs).matches('^[!-~]([ -~]*[!-~])?$')" +
        " && string(object.spec.runAs) == request.userInfo.username)",
    );
  });
});

describe("what CEL cannot judge is left to the function", () => {
  const changed = [{ name: "changed", expression: `!(${unchangedForMutate()})` }];

  test.each([
    ["several fields", fieldsOf("spec.a", "spec.b")],
    ["a list", fieldsOf("spec.list[*].a")],
    ["a service account's name", fieldsOf({ path: "spec.sa", serviceAccount: "name" })],
    [
      "a question of the policy's own",
      targetOf({ ...thing, fields: ["spec.a"], permission: { verb: "use", group: "", resource: "accounts" } }),
    ],
  ])("%s: only an unchanged object spares the mutating call", (_, target) => {
    expect(mutateConditions(target, [scopes])).toEqual(changed);
  });

  test("a status path that walks a list: the status call is never spared", () => {
    const target = targetOf({ ...thing, fields: ["spec.a"], statusPaths: ["status.children[*].kind", "status.b"] });
    expect(statusConditions(target)[0]?.expression).toMatch(/^!\(object != null && oldObject != null && false && \(\(/);
  });
});

describe("an identity in the metadata is compared, too", () => {
  const conditions = (target: Target) =>
    [...mutateConditions(target, []), ...validateConditions(target)].filter(({ name }) => name === "changed");

  test.each([
    ['metadata.labels["a/b"]', "metadata.labels['a/b']"],
    ["metadata.annotations.runAs", "metadata.annotations.runAs"],
    ['metadata["run-as"]', "metadata['run-as']"],
  ])("%s: alone, so that a change beside it does not count", (path, at) => {
    for (const { expression } of conditions(fieldsOf(path))) {
      expect(expression).toContain(`object.${at} == oldObject.${at}`);
      expect(expression).not.toContain("metadata.?l");
    }
  });

  test.each([
    ["metadata.labels[*].a", ".?labels"],
    ['metadata["run-as"][*].a', "[?'run-as']"],
    ["metadata.in[*].runAs", "[?'in']"],
    ["metadata[*].runAs", ""],
  ])("%s: the whole part that is walked", (path, part) => {
    const equal = ` && object.metadata${part} == oldObject.metadata${part}`;
    const [mutate, validate] = conditions(fieldsOf(path));
    expect(mutate?.expression).toBe(`!(${unchangedForMutate(equal)})`);
    expect(validate?.expression).toBe(`!(${unchangedForValidate(equal)})`);
  });

  test("not where a member of the spec is called so", () => {
    for (const { expression } of conditions(fieldsOf("spec.metadata.labels")))
      expect(expression).not.toContain("metadata.labels");
  });

  test("so is the namespace beside a service account's name", () => {
    const target = fieldsOf({ path: "metadata.sa", serviceAccount: { namespaceKey: "sa-namespace" } });
    for (const at of ["metadata.sa", "metadata['sa-namespace']"])
      expect(mutateConditions(target, [])[0]?.expression).toContain(`object.${at} == oldObject.${at}`);
  });
});

describe("a controller that may write the status", () => {
  const writer = "system:serviceaccount:argo:argo";
  const target = targetOf({ ...thing, fields: ["spec.a"], statusPaths: ["status.b"], statusWriters: [writer] });

  test("is spared where nothing but metadata and status differ, whatever the generation", () => {
    expect(validateConditions(target)[1]).toEqual({
      name: "not-by-a-status-writer",
      expression: `!(request.userInfo.username in ['${writer}'] && ${unchangedForMutate()})`,
    });
  });

  test("is spared every write of the status subresource", () => {
    expect(statusConditions(target)[1]).toEqual({
      name: "not-by-a-status-writer",
      expression: `!(request.userInfo.username in ['${writer}'])`,
    });
  });
});

describe("subresources are called for where an identity lies in the metadata", () => {
  const target = fieldsOf('metadata.annotations["example.com/run-as"]');
  const key = (root: string) => `'example.com/run-as' in ${root}.metadata.annotations`;

  test("not for the resource itself, which PLURAL/* matches too", () => {
    expect(subresourceConditions(target)[0]).toEqual({
      name: "of-a-subresource",
      expression: "(has(request.subResource) && request.subResource != '')",
    });
  });

  test("but for bindings, which are pods/binding under another name", () => {
    const pods = targetOf({ ...thing, group: "", resources: ["pods"], fields: ["metadata.labels.a"] });
    expect(subresourceConditions(pods)[0]?.expression).toBe(
      "(has(request.subResource) && request.subResource != '') || request.resource.resource == 'bindings'",
    );
  });

  test("for a write that changes the identity, and for an object without an old one that carries it", () => {
    const expression = subresourceConditions(target)[1]?.expression ?? "";
    expect(expression).toMatch(/^!\(oldObject == null \? \(object != null && /);
    expect(expression).toContain(key("object"));
    expect(expression).toContain(key("oldObject"));
    expect(expression).toContain(
      "object.metadata.annotations['example.com/run-as'] == oldObject.metadata.annotations['example.com/run-as']",
    );
  });

  test("for every write where the path walks", () => {
    expect(subresourceConditions(fieldsOf("metadata.labels[*].a"))[1]?.expression).toBe(
      "!(oldObject == null ? (object != null && false) : (object != null && oldObject != null && false))",
    );
  });
});

test("a field in the status is compared in writes of the status", () => {
  const target = targetOf({ ...thing, fields: ["spec.a", "status.b"], onForbidden: "deny", onEmpty: "deny" });
  const [condition] = statusConditions(target);
  expect(condition?.expression).toContain("object.status.b == oldObject.status.b");
  expect(condition?.expression).not.toContain("spec");
});

describe("texts are quoted", () => {
  test("keys that are not identifiers", () => {
    const [, own] = mutateConditions(fieldsOf(`spec["it's"]["a\u002fb"]["in"].runAs`), []);
    const at = "object.spec['it\\'s']['a/b']['in'].runAs";
    expect(own?.expression).toContain(`type(object.spec) == map && 'it\\'s' in object.spec`);
    expect(own?.expression).toContain(`string(${at}) == request.userInfo.username`);
  });

  test("privileged values and narrowing keys", () => {
    const target = targetOf({ ...thing, fields: ["spec.runAs"], privileged: { "it's\\": "root" } });
    const [, own] = mutateConditions(target, ["a'b"]);
    expect(own?.expression).toContain("in ['it\\'s\\\\'])");
    expect(own?.expression).toContain("'a\\'b' in request.userInfo.extra");
  });
});

test("conditions have names of their own, and are far fewer than 64", () => {
  const metadata = fieldsOf("metadata.labels.a");
  for (const conditions of [
    mutateConditions(razee, [scopes]),
    validateConditions(razee),
    statusConditions(razee),
    subresourceConditions(metadata),
  ]) {
    const names = conditions.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeLessThan(8);
    for (const name of names) expect(name).toMatch(/^[a-z-]+$/);
  }
});

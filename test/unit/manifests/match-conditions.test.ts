import { describe, expect, test } from "vitest";
import { readPolicy } from "../../../lib/index.ts";
import { mutateConditions, statusConditions, validateConditions } from "../../../lib/manifests/cel.ts";
import type { Target } from "../../../lib/policy/policy.ts";

const targetOf = (target: object): Target => {
  const [read] = readPolicy({ name: "mine", targets: [target] }).targets;
  if (!read) throw new Error("no target");
  return read;
};
const thing = { group: "g.example", versions: ["v1"], resources: ["things"] };
const fieldsOf = (...fields: readonly unknown[]) => targetOf({ ...thing, fields });
const razee = targetOf({ preset: "razee" });
const scopes = "scopes.authorization.openshift.io";

const unchanged = (metadata = "") =>
  "request.operation == 'UPDATE' && object != null && oldObject != null" +
  " && object.all(k, k in ['metadata', 'status'] || (k in oldObject && object[k] == oldObject[k]))" +
  ` && oldObject.all(k, k in ['metadata', 'status'] || k in object)${metadata}`;

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
      { name: "changed", expression: `!(${unchanged()})` },
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
          `!(${plain} && string(${at}).startsWith('system:serviceaccount:') && string(${at}).split(':').size() == 4` +
          ` && !format.dns1123Label().validate(${part(2)}).hasValue() && !format.dns1123Subdomain().validate(${part(3)}).hasValue()` +
          ` && authorizer.group('').resource('serviceaccounts').namespace(${part(2)}).name(${part(3)}).check('impersonate').allowed())`,
      },
    ]);
  });

  test("the validating call is spared where nothing changed, not even the generation", () => {
    expect(validateConditions(razee)).toEqual([
      {
        name: "changed",
        expression: `!(${unchanged()} && object.metadata.?generation == oldObject.metadata.?generation)`,
      },
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
      `(type(${value}) == string || (type(${value}) == map && ${value}.all(k, type(${value}[k]) == string` +
      ` || (type(${value}[k]) == map && ${value}[k].all(j, type(${value}[k][j]) == string)))))`;
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
  const changed = [{ name: "changed", expression: `!(${unchanged()})` }];

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
  test.each([
    [['metadata.labels["a/b"]'], [".?labels"]],
    [["metadata.annotations.runAs"], [".?annotations"]],
    [
      ['metadata.labels["a/b"]', 'metadata.labels["a/c"]', "metadata.annotations.runAs"],
      [".?labels", ".?annotations"],
    ],
    [["metadata.runAs"], [".?runAs"]],
    [['metadata["run-as"]'], ["[?'run-as']"]],
    [["metadata.in.runAs"], ["[?'in']"]],
    [["metadata[*].runAs"], [""]],
    [["spec.metadata.labels"], []],
  ])("%j", (paths, parts) => {
    const equal = parts.map((part) => ` && object.metadata${part} == oldObject.metadata${part}`).join("");
    expect(mutateConditions(fieldsOf(...paths), [])[0]?.expression).toBe(`!(${unchanged(equal)})`);
    expect(validateConditions(fieldsOf(...paths))[0]?.expression).toContain(unchanged(equal));
  });

  test("so is the namespace beside a service account's name", () => {
    const target = fieldsOf({ path: "metadata.sa", serviceAccount: { namespaceKey: "sa-namespace" } });
    const equal = [".?sa", "[?'sa-namespace']"]
      .map((at) => ` && object.metadata${at} == oldObject.metadata${at}`)
      .join("");
    expect(mutateConditions(target, [])[0]?.expression).toBe(`!(${unchanged(equal)})`);
  });
});

describe("texts are quoted", () => {
  test("keys that are no identifiers", () => {
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
  for (const conditions of [mutateConditions(razee, [scopes]), validateConditions(razee), statusConditions(razee)]) {
    const names = conditions.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeLessThan(8);
    for (const name of names) expect(name).toMatch(/^[a-z-]+$/);
  }
});

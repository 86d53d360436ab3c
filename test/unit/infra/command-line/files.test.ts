import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { documentsIn } from "../../../../infra/command-line/files.ts";
import { impersonationQuestion } from "../../../../lib/question/index.ts";
import { authorize, readWorld } from "../../../../lib/rbac/index.ts";

const folder = mkdtempSync(join(tmpdir(), "files-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Whom zed may impersonate of these, as a file of RBAC manifests says. */
const allowed = (content: string | Uint8Array, ...names: readonly string[]): readonly string[] => {
  const file = join(folder, "rbac.yaml");
  writeFileSync(file, content);
  const world = readWorld(documentsIn(file));
  const zed = { username: "zed", groups: ["system:authenticated"], extra: {} };
  return names.filter((name) => {
    const answer = authorize(world, impersonationQuestion(zed, name));
    return "allowed" in answer && answer.allowed;
  });
};

const binding = `---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: b}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}
subjects: [{kind: User, apiGroup: rbac.authorization.k8s.io, name: zed}]
`;
const role = (rules: string): string =>
  `apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: r}\nrules:${rules}\n${binding}`;
const rule = (name: string): string =>
  ` [{apiGroups: [''], resources: [users], resourceNames: [${name}], verbs: [impersonate]}]`;
const anchored = `
- &rule
  apiGroups: ['']
  resources: [users]
  resourceNames: [eve]
  verbs: [impersonate]`;

describe("RBAC manifests mean what they mean to kubectl", () => {
  test("a rule with a merge key, and one whose own names are replaced by it", () => {
    expect(allowed(role(`${anchored}\n- <<: *rule\n  resourceNames: [bob]`), "eve", "bob")).toEqual(["eve", "bob"]);
    expect(allowed(role(`${anchored}\n- resourceNames: [bob]\n  <<: *rule`), "eve", "bob")).toEqual(["eve"]);
  });

  test("a list that is an alias 120 times", () => {
    const others = Array.from({ length: 120 }, (_, nth) => `- {apiGroups: *core, resources: [p${nth}], verbs: [get]}`);
    const first = "- {apiGroups: &core [''], resources: [users], resourceNames: [bob], verbs: [impersonate]}";
    expect(allowed(role(`\n${[first, ...others].join("\n")}`), "bob")).toEqual(["bob"]);
  });

  test("UTF-16, and a bracket that closes where its key begins", () => {
    const text = role(rule("bob")).replace("[bob]", "[\nbob\n]");
    expect(allowed(Buffer.from(`\uFEFF${text}`, "utf16le"), "bob")).toEqual(["bob"]);
  });

  test.each(["no", "on", "010", "~", "2.5"])("a name that is %s without quotes is refused", (name) => {
    expect(() => allowed(role(rule(name)), name)).toThrow(/resourceNames/);
    expect(allowed(role(rule(`'${name}'`)), name)).toEqual([name]);
  });
});

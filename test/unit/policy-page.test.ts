import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { PolicyError, readPolicy } from "../../lib/policy/index.ts";

const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
const page = read("docs/policies.md");

/** What `readPolicy` says that the members are, when there is one too many. */
const membersOf = (policy: object): readonly string[] => {
  try {
    readPolicy(policy);
  } catch (error) {
    if (error instanceof PolicyError)
      return (/its members are (.+)$/.exec(error.message)?.[1]?.split(", ") ?? []).toSorted();
  }
  throw new Error("this policy has a member too many, and passes");
};

const documented = (section: string): readonly string[] => {
  const [, body = ""] = page.split(`\n## ${section}\n`);
  return [...(body.split("\n## ")[0]?.matchAll(/^\| `(\w+)` \|/gm) ?? [])].map(([, name = ""]) => name).toSorted();
};

test("docs/policies.md lists every member of a policy, a target and a field", () => {
  const target = { group: "", versions: ["v1"], resources: ["pods"], fields: ["metadata.name"] };
  expect(documented("Members of a policy")).toEqual(membersOf({ name: "p", targets: [target], other: 1 }));
  const rule = documented("The rule of a field");
  const ofTarget = [...documented("Members of a target"), ...rule.filter((member) => member !== "whenSet")];
  expect(ofTarget.toSorted()).toEqual(membersOf({ name: "p", targets: [{ ...target, other: 1 }] }));
  const field = { path: "spec.a", other: 1 };
  expect([...rule, "names", "path", "serviceAccount", "standsFor"].toSorted()).toEqual(
    membersOf({ name: "p", targets: [{ ...target, fields: [field] }] }),
  );
});

test.each(["README.md", "docs/policies.md"])("every policy in %s is one", (file) => {
  const blocks = [...read(file).matchAll(/^```yaml\n(name: [\s\S]*?)^```$/gm)].map(([, block = ""]) => block);
  expect(blocks.length).toBeGreaterThan(0);
  for (const block of blocks) expect(readPolicy(parse(block)).name).toBe("gitops");
});

test("docs/policies.md quotes a message as it is", () => {
  const [, message = "nothing"] =
    /^```\nfunctions\/policies\/gitops\.yaml: (policy gitops: .+)\n```$/m.exec(page) ?? [];
  const [, block = ""] = /^```yaml\n(name: [\s\S]*?)^```$/m.exec(page) ?? [];
  const wrong = parse(block);
  wrong.targets[1].onForbidden = "refuse";
  expect(() => readPolicy(wrong)).toThrow(message);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { policies } from "../../../../functions/policies/index.ts";
import { readPolicies } from "../../../../functions/policies/read-policies.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "policies-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

const razee = { "razee.json": '{"name": "razee", "targets": [{"preset": "razee"}]}' };
const gitops = `# Flux
name: gitops
targets:
  - group: kustomize.toolkit.fluxcd.io
    versions: [v1]
    resources: [kustomizations]
    fields: [{ path: spec.serviceAccountName, serviceAccount: name }]
    onEmpty: deny
`;

const read = (files: Readonly<Record<string, string>>) => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return readPolicies(pathToFileURL(`${folder}/`));
};

test("the policies of this repository are built in", () => {
  expect([...policies.keys()]).toEqual(["razee", "razee-audit"]);
});

test("each *.yaml and *.json file is a policy; code, notes and hidden files are not", () => {
  const all = read({ ...razee, "gitops.yaml": gitops, "index.ts": "", "README.md": "", ".gitkeep": "" });
  expect([...all.keys()]).toEqual(["gitops", "razee"]);
  expect(all.get("gitops")?.policy.targets[0]?.resources).toEqual(["kustomizations"]);
});

test.each<readonly [string, Readonly<Record<string, string>>, string]>([
  [
    "a policy that says something wrong",
    { ...razee, "gitops.yaml": gitops.replace("onEmpty: deny", "onEmpty: never") },
    'functions/policies/gitops.yaml: policy gitops: targets[0].onEmpty must be "requester", "deny", "allow" or { default: NAME }, not "never"',
  ],
  [
    "a text that is not YAML",
    { ...razee, "gitops.yaml": "name: [" },
    "functions/policies/gitops.yaml: is not valid YAML",
  ],
  [
    "two policies in one file",
    { ...razee, "gitops.yaml": `${gitops}---\n${gitops}` },
    "functions/policies/gitops.yaml: holds 2 documents and must hold one",
  ],
  ["an empty file", { ...razee, "gitops.yaml": "" }, "functions/policies/gitops.yaml: policy must be an object"],
  [
    "another extension",
    { ...razee, "gitops.yml": gitops },
    "functions/policies/gitops.yml: is not a policy; name it *.yaml or *.json, or move it to another folder",
  ],
  [
    "a file that is not named after its policy",
    { ...razee, "flux.yaml": gitops },
    "functions/policies/flux.yaml: holds the policy gitops; name the file gitops.yaml",
  ],
  [
    "one policy in two files",
    { ...razee, "razee.yaml": razee["razee.json"] },
    "functions/policies/razee.yaml: another file holds the policy razee; remove one of them",
  ],
  [
    "no policy for clusters that name none",
    { "gitops.yaml": gitops },
    "functions/policies/razee.yaml is missing: a cluster that names no policy gets the policy razee",
  ],
])("%s is refused", (_, files, sentence) => {
  expect(() => read(files)).toThrow(sentence);
});

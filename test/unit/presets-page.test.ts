import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { formatQuestion, readPolicy } from "../../lib/index.ts";
import { presets } from "../../lib/presets/index.ts";
import { ecosystems } from "../crds/ecosystems.ts";
import { pagePath, withMadePart } from "../crds/page.ts";
import { versionOf } from "../crds/sources.ts";
import { decide } from "./lib/decision/given.ts";

const page = readFileSync(pagePath, "utf8");

test("docs/presets.md is up to date; `npm run presets-page` writes it", () => {
  expect(page).toBe(withMadePart(page));
});

test("a page without the lines around its made part is refused", () => {
  expect(() => withMadePart("# Presets\n")).toThrow("has lost the lines around its made part");
});

test.each(Object.keys(presets) as readonly (keyof typeof presets)[])(
  "the preset %s names the versions that it is compared with",
  (preset) => {
    for (const source of ecosystems[preset].sources)
      if ("module" in source) expect(presets[preset].project).toContain(versionOf(source.module).replace(/^v/, ""));
  },
);

const blocks = [...page.matchAll(/^```yaml\n(name: [\s\S]*?)^```$/gm)].map(([, block = ""]) => parse(block));

test("every policy of docs/presets.md is one", () => {
  expect(blocks.map((block) => readPolicy(block).name)).toEqual(["gitops", "sveltos", "kubevela"]);
});

const profile = "clusterprofiles.v1beta1.config.projectsveltos.io";
const labels = (name: string, namespace: string) => ({
  metadata: {
    labels: {
      "projectsveltos.io/serviceaccount-name": name,
      "projectsveltos.io/serviceaccount-namespace": namespace,
    },
  },
});
const application = "applications.v1beta1.core.oam.dev";
const annotated = (annotations: object) => ({ metadata: { annotations } });
const username = "app.oam.dev/username";

test.each([
  ["sveltos", profile, labels("eng", "default"), { "impersonate serviceaccounts/eng -n default": "yes" }, "permitted"],
  ["sveltos", profile, labels("eng", ""), {}, "denied"],
  [
    "sveltos",
    profile,
    { metadata: {} },
    { "impersonate serviceaccounts/addon-controller -n projectsveltos": "no" },
    "denied",
  ],
  ["kubevela", application, annotated({ [username]: "alice" }), {}, "self"],
  ["kubevela", application, annotated({ [username]: "bob" }), { "impersonate users/bob": "no" }, "replaced"],
  ["kubevela", application, annotated({}), {}, "defaulted"],
  [
    "kubevela",
    application,
    annotated({ [username]: "alice", "app.oam.dev/group": "system:masters" }),
    { "impersonate groups/system:masters": "no" },
    "denied",
  ],
  [
    "kubevela",
    application,
    annotated({ [username]: "alice", "app.oam.dev/service-account-name": "powerful" }),
    { "impersonate serviceaccounts/powerful -n team-a": "no" },
    "denied",
  ],
] as const)("the policy %s for %s judges %j with %j: %s", (name, resource, object, asked, decision) => {
  const { targets } = blocks.find((block) => block.name === name);
  const namespace = name === "sveltos" ? "" : "team-a";
  const result = decide({ policy: { targets }, resource, namespace, object, asked });
  expect(result.questions.map(formatQuestion)).toEqual(Object.keys(asked));
  expect(result.response.auditAnnotations["decision"]).toBe(decision);
});

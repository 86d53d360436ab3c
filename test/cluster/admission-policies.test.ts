import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { runCommand } from "../support/command.ts";
import { connect } from "./control-plane.ts";
import { applied } from "./world/applied.ts";
import { type DefinedKind, defineKinds } from "./world/define-kinds.ts";
import { makeNamespace } from "./world/namespace.ts";
import { policiesInForce } from "./world/policies-in-force.ts";

// The rule without a function, as a user applies it: the output of `manifests`, kubectl, and nothing else.

const plane = connect(inject("connection"));
const admin = plane.user("admin");
const presets = ["flux", "argo-workflows"] as const;
const namespace = "by-admission-policies";
const apiGroup = "rbac.authorization.k8s.io";

const kinds: readonly DefinedKind[] = [
  {
    ...{ group: "kustomize.toolkit.fluxcd.io", plural: "kustomizations", kind: "Kustomization" },
    versions: [{ name: "v1" }],
  },
  {
    ...{ group: "argoproj.io", plural: "workflows", kind: "Workflow" },
    versions: [{ name: "v1alpha1", storesStatus: true }],
  },
];

/** `editor` may impersonate the accounts of the namespace, and `finn` only its account `deployer`. */
const rights = [
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRole",
    metadata: { name: "authors-of-fluxes-and-workflows" },
    rules: [{ apiGroups: ["kustomize.toolkit.fluxcd.io", "argoproj.io"], resources: ["*"], verbs: ["*"] }],
  },
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "ClusterRoleBinding",
    metadata: { name: "authors-of-fluxes-and-workflows" },
    roleRef: { apiGroup, kind: "ClusterRole", name: "authors-of-fluxes-and-workflows" },
    subjects: [{ kind: "Group", apiGroup, name: "system:authenticated" }],
  },
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "Role",
    metadata: { name: "impersonate-deployer", namespace },
    rules: [{ apiGroups: [""], resources: ["serviceaccounts"], resourceNames: ["deployer"], verbs: ["impersonate"] }],
  },
  {
    apiVersion: `${apiGroup}/v1`,
    kind: "RoleBinding",
    metadata: { name: "finn-may-impersonate-deployer", namespace },
    roleRef: { apiGroup, kind: "Role", name: "impersonate-deployer" },
    subjects: [{ kind: "User", apiGroup, name: "finn" }],
  },
];

let names = 0;
const createdBy = async (who: string, apiVersion: string, kind: string, parts: object): Promise<string> => {
  const object = { apiVersion, kind, metadata: { name: `object-${names++}`, namespace }, ...parts };
  const { code, stderr } = await plane.kubectl(plane.user(who), ["create", "-f", "-"], {
    stdin: JSON.stringify(object),
  });
  return code === 0 ? "created" : (/denied request: (.*)\n$/.exec(stderr)?.[1] ?? stderr);
};

const piped = async (verb: "apply" | "delete"): Promise<void> => {
  for (const preset of presets) {
    const { status, stdout } = await runCommand("manifests", ["--policy", preset, "--admission-policies"]);
    expect(status).toBe(0);
    const kubectl = await plane.kubectl(admin, [verb, "-f", "-"], { stdin: stdout });
    expect([kubectl.code, kubectl.stderr]).toEqual([0, ""]);
  }
};

const kustomization = (who: string, spec: object) =>
  createdBy(who, "kustomize.toolkit.fluxcd.io/v1", "Kustomization", { spec });
const workflow = (who: string, parts: object) => createdBy(who, "argoproj.io/v1alpha1", "Workflow", parts);

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  await applied(plane, rights);
  await defineKinds(plane, kinds);
  await piped("apply");
  await policiesInForce(plane);
});

afterAll(async () => {
  await piped("delete");
  await policiesInForce(plane);
  for (const { plural, group } of kinds) await plane.kubectl(admin, ["delete", "crd", `${plural}.${group}`]);
});

const refused = (at: string, name: string, who: string): string =>
  `${at}: ${who} may not impersonate "system:serviceaccount:${namespace}:${name}"; set it to an identity that ${who} may impersonate`;

describe("a Kustomization of Flux", () => {
  const kubeConfig = { secretRef: { name: "remote" } };
  test.each<[what: string, who: string, spec: object, result: string]>([
    ["a permitted account", "finn", { serviceAccountName: "deployer" }, "created"],
    [
      "another account of the namespace",
      "finn",
      { serviceAccountName: "builder" },
      refused("spec.serviceAccountName", "builder", "finn"),
    ],
    ["an editor of the namespace", "editor", { serviceAccountName: "builder" }, "created"],
    [
      "no account, by a user who may not act as Flux",
      "editor",
      {},
      'spec.serviceAccountName is empty, and editor may not impersonate "system:serviceaccount:flux-system:kustomize-controller", which it stands for; set it to an identity that editor may impersonate',
    ],
    ["no account, by an administrator", "admin", {}, "created"],
    [
      "an account of its own, with a kubeconfig, which stands for the controller",
      "finn",
      { serviceAccountName: "deployer", kubeConfig },
      'spec.kubeConfig: finn may not impersonate "system:serviceaccount:flux-system:kustomize-controller"; leave it out',
    ],
    [
      "a kubeconfig without a Secret",
      "finn",
      { kubeConfig: { secretRef: {} } },
      expect.stringMatching(/^spec.serviceAccountName is empty/),
    ],
    [
      "a forbidden account for decryption",
      "finn",
      { serviceAccountName: "deployer", decryption: { provider: "sops", serviceAccountName: "builder" } },
      refused("spec.decryption.serviceAccountName", "builder", "finn"),
    ],
    [
      "a number",
      "finn",
      { serviceAccountName: 5 },
      "spec.serviceAccountName must be a string, and its parents must be objects",
    ],
    [
      "a name that no service account has",
      "finn",
      { serviceAccountName: "Deployer" },
      "spec.serviceAccountName must be the name of a service account in a namespace",
    ],
  ])("%s", async (_, who, spec, result) => {
    expect(await kustomization(who, spec)).toEqual(result);
  });

  test("with the two commands of the README a user may name an account, and no other", async () => {
    const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
    const commands = [...readme.matchAll(/^ {4}kubectl (create role(?:binding)? use-deployer .*)$/gm)];
    expect(commands.length).toBe(2);
    for (const [, command = ""] of commands) {
      const { code, stderr } = await plane.kubectl(admin, command.replace("team-a", namespace).split(" "));
      expect([code, stderr]).toEqual([0, ""]);
    }
    expect(await kustomization("alice", { serviceAccountName: "deployer" })).toBe("created");
    expect(await kustomization("alice", { serviceAccountName: "builder" })).toBe(
      refused("spec.serviceAccountName", "builder", "alice"),
    );
  });

  test("edited by a user who may not act as its account: refused; labelled: left alone", async () => {
    const object = {
      apiVersion: "kustomize.toolkit.fluxcd.io/v1",
      kind: "Kustomization",
      metadata: { name: "edited", namespace },
      spec: { serviceAccountName: "deployer", path: "a" },
    };
    await plane.kubectl(plane.user("finn"), ["create", "-f", "-"], { stdin: JSON.stringify(object) });
    const patch = (body: object) =>
      plane.kubectl(plane.user("stranger"), [
        "patch",
        "kustomization",
        "edited",
        "-n",
        namespace,
        "--type=merge",
        "-p",
        JSON.stringify(body),
      ]);
    expect((await patch({ metadata: { labels: { a: "b" } } })).code).toBe(0);
    expect((await patch({ spec: { path: "b" } })).stderr).toContain(
      refused("spec.serviceAccountName", "deployer", "stranger"),
    );
  });
});

describe("a Workflow of Argo", () => {
  const templates = (...accounts: readonly string[]) =>
    accounts.map((serviceAccountName, index) => ({ name: `t${index}`, serviceAccountName }));
  const numbered = (count: number) => Array.from({ length: count }, (_, index) => `account-${index}`);
  test.each<[what: string, who: string, parts: object, result: unknown]>([
    ["no account", "finn", { spec: {} }, "created"],
    ["a permitted account", "finn", { spec: { serviceAccountName: "deployer" } }, "created"],
    [
      "a permitted account in 300 templates",
      "finn",
      { spec: { templates: templates(...Array(300).fill("deployer")) } },
      "created",
    ],
    [
      "a forbidden account in the last of some templates",
      "finn",
      { spec: { templates: templates("deployer", "deployer", "builder") } },
      refused("spec.templates[*].serviceAccountName", "builder", "finn"),
    ],
    [
      "a forbidden account that deletes an artifact of a step",
      "finn",
      {
        spec: {
          templates: [{ steps: [[{ arguments: { artifacts: [{ artifactGC: { serviceAccountName: "builder" } }] } }]] }],
        },
      },
      refused("spec.templates[*].steps[*][*].arguments.artifacts[*].artifactGC.serviceAccountName", "builder", "finn"),
    ],
    ["26 accounts, by an editor", "editor", { spec: { templates: templates(...numbered(26)) } }, "created"],
    [
      "27 accounts",
      "editor",
      { spec: { templates: templates(...numbered(27)) } },
      expect.stringMatching(/names more than 26 identities/),
    ],
    [
      "a patch of the Pod",
      "finn",
      { spec: { podSpecPatch: "serviceAccountName: builder" } },
      `spec.podSpecPatch: finn may not impersonate every service account in namespace ${namespace}; leave it out`,
    ],
    ["a patch of the Pod, by an editor", "editor", { spec: { podSpecPatch: "{}" } }, "created"],
    [
      "a template in a step, which CEL cannot walk",
      "editor",
      { spec: { templates: [{ steps: [[{ inline: { serviceAccountName: "deployer" } }]] }] } },
      expect.stringMatching(
        /^spec\.templates\[\*\]\.steps\[\*\]\[\*\]\.inline\.\*\*\..* cannot be read by an admission policy; leave spec\.templates\[\*\]\.steps\[\*\]\[\*\]\.inline out, or use the webhook$/,
      ),
    ],
    ...[
      { spec: { ServiceAccountName: "builder" } },
      { Spec: { serviceAccountName: "builder" } },
      { spec: { templates: [{ steps: [[{ Inline: { serviceAccountName: "builder" } }]] }] } },
      { spec: { templates: [{}, { \u017ferviceAccountName: "builder" }] } },
      { spec: { executor: {}, PodSpecPatch: "serviceAccountName: builder" } },
    ].map((parts): [string, string, object, unknown] => [
      `a member in another letter case: ${JSON.stringify(parts)}`,
      "editor",
      parts,
      expect.stringMatching(/differs from a guarded one only in letter case, and the controller may read it/),
    ]),
    [
      "more templates than a policy walks",
      "finn",
      { spec: { templates: templates(...Array(513).fill("deployer")) } },
      expect.stringMatching(/lies in a list or a map with more than 512 items/),
    ],
    [
      "what the controller would execute, in the status",
      "finn",
      { spec: {}, status: { storedWorkflowTemplateSpec: { serviceAccountName: "builder" } } },
      expect.stringMatching(/^status\.storedWorkflowTemplateSpec/),
    ],
  ])("%s", async (_, who, parts, result) => {
    expect(await workflow(who, parts)).toEqual(result);
  });
});

import { describe, expect, test } from "vitest";
import { readPolicy } from "../../../../lib/index.ts";
import { formatPath } from "../../../../lib/policy/path.ts";
import { type Json, decide as result } from "../decision/given.ts";
import type { Row } from "../decision/row.ts";
import { expected, outcomeOf } from "../decision/rule-table.ts";

const policyWith = (options: Json = {}) => ({
  name: "argo",
  targets: [{ preset: "argo-workflows", ...options }],
});
const controller = "system:serviceaccount:argo:argo";
const deployer = "impersonate serviceaccounts/deployer -n team-a";
const powerful = "impersonate serviceaccounts/powerful -n team-a";
const all = "impersonate serviceaccounts -n team-a";
const accountOf = (name: string) => `system:serviceaccount:team-a:${name}`;

const templateRef = { workflowTemplateRef: { name: "shared" } };
const box = { container: { image: "alpine", command: ["true"] } };
const spec = (members: Json, status?: Json) => ({ spec: members, ...(status && { status }) });
/** A Workflow whose only template has these members. */
const template = (members: Json) => spec({ templates: [{ name: "main", ...members }] });

type Outcome = Pick<Row, "decision" | "reason" | "asked" | "code" | "field" | "declared" | "effective">;
type PresetRow = Pick<Row, "when" | "object" | "old" | "by" | "resource" | "namespace" | "endpoint" | "operation"> &
  Outcome & { readonly options?: Json };

const permitted = (name = "deployer"): Outcome => ({
  decision: "permitted",
  reason: "may-impersonate",
  asked: { [`impersonate serviceaccounts/${name} -n team-a`]: "yes" },
  declared: accountOf(name),
  effective: accountOf(name),
});
const forbidden = (name: string, reason: "forbidden" | "inherited" = "forbidden"): Outcome => ({
  decision: "denied",
  reason,
  asked: { [`impersonate serviceaccounts/${name} -n team-a`]: "no" },
  declared: accountOf(name),
  code: 403,
});
const needsAll: Outcome = { decision: "denied", reason: "forbidden", asked: { [all]: "no" }, code: 403 };
const misspelt: Outcome = { decision: "denied", reason: "letter-case", code: 422 };

const accounts: readonly PresetRow[] = [
  { when: "a permitted account", object: spec({ serviceAccountName: "deployer" }), ...permitted() },
  { when: "a forbidden account", object: spec({ serviceAccountName: "powerful" }), ...forbidden("powerful") },
  { when: "no account", object: spec({ templates: [box] }), decision: "permitted", reason: "empty-allowed" },
  {
    when: "a template's account beside the permitted one of the Workflow",
    object: spec({ serviceAccountName: "deployer", templates: [{ serviceAccountName: "powerful" }] }),
    ...forbidden("powerful"),
    asked: { [deployer]: "yes", [powerful]: "no" },
  },
  {
    when: "the executor's account of a template",
    object: template({ executor: { serviceAccountName: "powerful" } }),
    ...forbidden("powerful"),
  },
  {
    when: "the account that deletes an artifact",
    object: template({ outputs: { artifacts: [{ artifactGC: { serviceAccountName: "powerful" } }] } }),
    ...forbidden("powerful"),
  },
  {
    when: "an inline template of a step",
    object: template({ steps: [[{ name: "a", inline: { serviceAccountName: "powerful", ...box } }]] }),
    ...forbidden("powerful"),
  },
  {
    when: "an inline template of a task of an inline template",
    object: template({
      dag: { tasks: [{ inline: { steps: [[{ inline: { serviceAccountName: "powerful" } }]] } }] },
    }),
    ...forbidden("powerful"),
  },
  {
    when: "an account that a parameter would name",
    object: template({ serviceAccountName: "{{workflow.parameters.account}}" }),
    decision: "denied",
    reason: "unsafe-name",
    declared: "{{workflow.parameters.account}}",
    code: 422,
  },
  ...[
    spec({ podSpecPatch: "serviceAccountName: powerful" }),
    spec({ artifactGC: { podSpecPatch: "serviceAccountName: powerful" } }),
    spec({ templateDefaults: { podSpecPatch: "serviceAccountName: powerful" } }),
    template({ podSpecPatch: "serviceAccountName: powerful" }),
    template({ steps: [[{ inline: { podSpecPatch: "serviceAccountName: powerful" } }]] }),
  ].map((object): PresetRow => ({ when: `a patch of a Pod in ${JSON.stringify(object)}`, object, ...needsAll })),
  ...[
    spec({ ServiceAccountName: "powerful" }),
    spec({ templates: [{ SERVICEACCOUNTNAME: "powerful" }] }),
    template({ steps: [[{ inline: { ServiceAccountName: "powerful" } }]] }),
    template({ steps: [[{ inline: { PODSPECPATCH: "serviceAccountName: powerful" } }]] }),
    spec({ WorkflowTemplateRef: { name: "shared" } }),
  ].map((object): PresetRow => ({ when: `another letter case in ${JSON.stringify(object)}`, object, ...misspelt })),
  {
    when: "300 templates, each with an account of few",
    object: spec({ templates: Array.from({ length: 300 }, () => ({ serviceAccountName: "deployer" })) }),
    ...permitted(),
  },
];

const references: readonly PresetRow[] = [
  {
    when: "a Workflow without an account of its own",
    object: spec(templateRef),
    decision: "denied",
    reason: "empty",
    code: 403,
  },
  { when: "one with its own", object: spec({ ...templateRef, serviceAccountName: "deployer" }), ...permitted() },
  {
    when: "one without, where the policy allows that",
    options: { emptyWithTemplate: "allow" },
    object: spec(templateRef),
    decision: "permitted",
    reason: "empty-allowed",
  },
  {
    when: "references that need every account: to a WorkflowTemplate",
    options: { references: "all-accounts" },
    object: spec({ ...templateRef, serviceAccountName: "deployer" }),
    ...needsAll,
    asked: { [deployer]: "yes", [all]: "no" },
  },
  {
    when: "references that need every account: of a step",
    options: { references: "all-accounts" },
    object: template({ steps: [[{ templateRef: { name: "shared", template: "main" } }]] }),
    ...needsAll,
  },
  {
    when: "the same reference, trusted",
    object: template({ steps: [[{ templateRef: { name: "shared", template: "main" } }]] }),
    decision: "permitted",
    reason: "empty-allowed",
  },
];

const others: readonly PresetRow[] = [
  {
    when: "a WorkflowTemplate",
    resource: "workflowtemplates.v1alpha1.argoproj.io",
    object: template({ serviceAccountName: "powerful" }),
    ...forbidden("powerful"),
  },
  {
    when: "a CronWorkflow",
    resource: "cronworkflows.v1alpha1.argoproj.io",
    object: spec({ workflowSpec: { serviceAccountName: "powerful" } }),
    ...forbidden("powerful"),
  },
  {
    when: "a CronWorkflow without an account that refers to a template",
    resource: "cronworkflows.v1alpha1.argoproj.io",
    object: spec({ workflowSpec: templateRef }),
    decision: "denied",
    reason: "empty",
    code: 403,
  },
  {
    when: "the controller creates the Workflow of a CronWorkflow",
    by: controller,
    object: spec({ serviceAccountName: "deployer" }),
    decision: "permitted",
    reason: "trusted-writer",
    declared: accountOf("deployer"),
    effective: accountOf("deployer"),
  },
  {
    when: "a ClusterWorkflowTemplate's account can be one of every namespace",
    resource: "clusterworkflowtemplates.v1alpha1.argoproj.io",
    namespace: "",
    object: template({ serviceAccountName: "deployer" }),
    decision: "denied",
    reason: "forbidden",
    asked: { "impersonate serviceaccounts": "no" },
    code: 403,
  },
  {
    when: "a Pod reports an artifact that another account would delete",
    resource: "workflowtaskresults.v1alpha1.argoproj.io",
    by: accountOf("deployer"),
    object: { outputs: { artifacts: [{ artifactGC: { serviceAccountName: "powerful" } }] } },
    ...forbidden("powerful"),
  },
  {
    when: "a Sensor of Argo Events, where they are guarded",
    options: { events: "guarded" },
    resource: "sensors.v1alpha1.argoproj.io",
    object: spec({ template: { serviceAccountName: "powerful" } }),
    ...forbidden("powerful"),
  },
];

const old = spec({ serviceAccountName: "deployer" });
const update = { operation: "UPDATE", endpoint: "validate" } as const;
const stored = (members: Json) => ({ storedWorkflowTemplateSpec: members });

/** Argo has no status subresource, and its controller executes parts of the status. */
const statuses: readonly PresetRow[] = [
  {
    when: "a user who may not impersonate the Workflow's account changes only the status",
    ...update,
    by: "dave",
    old,
    object: spec({ serviceAccountName: "deployer" }, stored({ templates: [box] })),
    ...forbidden("deployer", "inherited"),
  },
  {
    when: "another account in the status",
    ...update,
    by: "dave",
    old,
    object: spec({ serviceAccountName: "deployer" }, stored({ serviceAccountName: "powerful" })),
    ...forbidden("deployer", "inherited"),
    asked: { [deployer]: "no", [powerful]: "no" },
  },
  {
    when: "a new Workflow with another account in its status",
    endpoint: "validate",
    object: spec({ serviceAccountName: "deployer" }, stored({ serviceAccountName: "powerful" })),
    ...forbidden("powerful"),
    asked: { [deployer]: "yes", [powerful]: "no" },
  },
  {
    when: "a stored template with a patch of its Pod",
    ...update,
    old,
    object: spec({ serviceAccountName: "deployer" }, { storedTemplates: { "a/b": { podSpecPatch: "x" } } }),
    ...needsAll,
    asked: { [deployer]: "yes", [all]: "no" },
  },
  {
    when: "the nodes as gzip",
    ...update,
    old,
    object: spec({ serviceAccountName: "deployer" }, { compressedNodes: "H4sI" }),
    ...needsAll,
    asked: { [deployer]: "yes", [all]: "no" },
  },
  {
    when: "the controller's own write of the status",
    ...update,
    by: controller,
    old,
    object: spec({ serviceAccountName: "deployer" }, stored({ serviceAccountName: "powerful" })),
    decision: "skipped",
    reason: "status-writer",
  },
  {
    when: "argo stop, by a user who may impersonate the account",
    ...update,
    old: spec({ serviceAccountName: "deployer" }, stored({ serviceAccountName: "deployer" })),
    object: spec({ serviceAccountName: "deployer", shutdown: "Stop" }, stored({ serviceAccountName: "deployer" })),
    ...permitted(),
  },
  {
    when: "argo stop, where the stored template names an account that the user may not impersonate",
    ...update,
    old: spec({ serviceAccountName: "deployer" }, stored({ templates: [{ serviceAccountName: "powerful" }] })),
    object: spec(
      { serviceAccountName: "deployer", shutdown: "Stop" },
      stored({ templates: [{ serviceAccountName: "powerful" }] }),
    ),
    ...forbidden("powerful", "inherited"),
    asked: { [deployer]: "yes", [powerful]: "no" },
  },
];

describe.each(Object.entries({ accounts, references, others, statuses }))("%s", (_, rows) => {
  test.each(rows.map((row) => [row.when, row] as const))("%s", (_, { options, ...row }) => {
    const given: Row = { resource: "workflows.v1alpha1.argoproj.io", policy: policyWith(options), ...row };
    const { says, causes, field, fields, warns, ...outcome } = outcomeOf(result(given), given);
    const { says: _s, causes: _c, field: _f, fields: _n, warns: _w, ...wanted } = expected(given);
    expect(outcome).toEqual(wanted);
  });
});

test("only paths that no path can spell out go to any depth: inline and stored templates", () => {
  const options = { references: "all-accounts", events: "guarded" };
  const paths = readPolicy(policyWith(options)).targets.flatMap(({ fields }) =>
    fields.map(({ path }) => formatPath(path)),
  );
  const deep = paths.filter((path) => path.includes("**"));
  expect(deep.length).toBeGreaterThan(0);
  expect(
    deep.filter((path) => !/\.(inline|storedWorkflowTemplateSpec|storedTemplates)\.\*\*\.\w+$/.test(path)),
  ).toEqual([]);
});

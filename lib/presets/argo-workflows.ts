import { definePreset } from "./preset.ts";

/** The name of an account of the object's namespace. Argo takes the namespace's account `default` for an empty one. */
const account = (path: string) => ({ path, serviceAccount: "name" });

/** A value that can name any account of the namespace. */
const anyAccount = (path: string) => ({ path, names: "anything" });

/** The account of the Pod that deletes some artifacts. */
const deletes = (artifact: string) => account(`${artifact}.artifactGC.serviceAccountName`);

/** A template within a template, at any depth. */
const inline = (prefix: string) => [
  account(`${prefix}.**.serviceAccountName`),
  anyAccount(`${prefix}.**.podSpecPatch`),
];

/** `WorkflowStep` and `DAGTask`. */
const step = (prefix: string) => [
  deletes(`${prefix}.arguments.artifacts[*]`),
  deletes(`${prefix}.hooks[*].arguments.artifacts[*]`),
  ...inline(`${prefix}.inline`),
];

/** `Template`. */
const template = (prefix: string) => [
  account(`${prefix}.serviceAccountName`),
  account(`${prefix}.executor.serviceAccountName`),
  anyAccount(`${prefix}.podSpecPatch`),
  deletes(`${prefix}.inputs.artifacts[*]`),
  deletes(`${prefix}.outputs.artifacts[*]`),
  deletes(`${prefix}.data.source.artifactPaths`),
  deletes(`${prefix}.resource.manifestFrom.artifact`),
  ...step(`${prefix}.steps[*][*]`),
  ...step(`${prefix}.dag.tasks[*]`),
];

/** `WorkflowSpec`, but for its own account. */
const workflow = (prefix: string) => [
  account(`${prefix}.executor.serviceAccountName`),
  account(`${prefix}.artifactGC.serviceAccountName`),
  anyAccount(`${prefix}.artifactGC.podSpecPatch`),
  anyAccount(`${prefix}.podSpecPatch`),
  deletes(`${prefix}.arguments.artifacts[*]`),
  deletes(`${prefix}.hooks[*].arguments.artifacts[*]`),
  ...template(`${prefix}.templateDefaults`),
  ...template(`${prefix}.templates[*]`),
];

const stepReferences = (prefix: string) => [
  anyAccount(`${prefix}.templateRef`),
  anyAccount(`${prefix}.hooks[*].templateRef`),
  anyAccount(`${prefix}.inline.**.templateRef`),
];

/** The places where a `WorkflowSpec` refers to a template that is stored elsewhere. */
const references = (prefix: string) => [
  anyAccount(`${prefix}.workflowTemplateRef`),
  anyAccount(`${prefix}.hooks[*].templateRef`),
  ...["templateDefaults", "templates[*]"].flatMap((templates) => [
    ...stepReferences(`${prefix}.${templates}.steps[*][*]`),
    ...stepReferences(`${prefix}.${templates}.dag.tasks[*]`),
  ]),
];

/** `WorkflowStatus`: the specification and the templates that the controller executes, and the artifacts that it deletes. */
const status = [
  ...inline("status.storedWorkflowTemplateSpec"),
  ...inline("status.storedTemplates"),
  deletes("status.nodes[*].inputs.artifacts[*]"),
  deletes("status.nodes[*].outputs.artifacts[*]"),
  deletes("status.outputs.artifacts[*]"),
  // The nodes as gzip.
  anyAccount("status.compressedNodes"),
];

/** Paths to any depth stand behind the others, whose places they leave alone. */
const deepLast = <F extends { readonly path: string }>(fields: readonly F[]): readonly F[] => [
  ...fields.filter(({ path }) => !path.includes("**")),
  ...fields.filter(({ path }) => path.includes("**")),
];

/**
 * Argo Workflows 3.7.0 (`pkg/apis/workflow/v1alpha1/workflow_types.go` and `manifests/base/crds/full` of
 * https://github.com/argoproj/argo-workflows): the controller creates Pods with the accounts that a Workflow names, and with the namespace's
 * account `default` where it names none. Its resources have no status subresource, and it executes
 * `status.storedWorkflowTemplateSpec` (`workflow/controller/operator.go` setStoredWfSpec). It decodes steps with `encoding/json`, and the whole
 * object where a parameter's value is an integer (`workflow/util/util.go` FromUnstructuredObj). It writes a Workflow back with its own defaults
 * in the spec, and creates those of a CronWorkflow (`workflow/cron/operator.go`).
 */
export const argoWorkflows = definePreset({
  project: "argo-workflows 3.7.0, argo-events 1.9.6",
  options: {
    controller: {
      text: "the username of the workflow-controller",
      is: "username",
      default: "system:serviceaccount:argo:argo",
    },
    emptyWithTemplate: {
      text: "the answer to a Workflow that names no account and refers to a WorkflowTemplate, whose account it would get",
      is: ["deny", "allow"],
      default: "deny",
    },
    references: {
      text: "whether templates that are stored elsewhere are trusted with the accounts that they name, or a reference to one needs the permission to impersonate every account of the namespace",
      is: ["trusted", "all-accounts"],
      default: "trusted",
    },
    events: {
      text: "whether the Sensors, EventSources and EventBuses of Argo Events are guarded too",
      is: ["unguarded", "guarded"],
      default: "unguarded",
    },
  },
  targets: ({ controller, emptyWithTemplate, references: trust, events }) => {
    const common = {
      group: "argoproj.io",
      versions: ["v1alpha1"],
      onForbidden: "deny",
      onEmpty: "allow",
      emptyIsUnprivileged: true,
      ignoresLetterCase: true,
      statusWriters: [controller],
    };
    const specification = (prefix: string) => {
      const whenSet = emptyWithTemplate === "deny" ? [{ path: `${prefix}.workflowTemplateRef`, onEmpty: "deny" }] : [];
      return [
        { ...account(`${prefix}.serviceAccountName`), whenSet },
        ...workflow(prefix),
        ...(trust === "all-accounts" ? references(prefix) : []),
      ];
    };
    return [
      {
        ...common,
        resources: ["workflows"],
        fields: deepLast([...specification("spec"), ...status]),
        writers: [{ username: controller, copiesFrom: "cronworkflows.argoproj.io" }],
      },
      { ...common, resources: ["workflowtemplates"], fields: deepLast(specification("spec")) },
      {
        ...common,
        resources: ["clusterworkflowtemplates"],
        // Workflows of every namespace refer to it, each with an account of its own namespace.
        fields: deepLast(specification("spec").map(({ path }) => anyAccount(path))),
      },
      {
        ...common,
        resources: ["cronworkflows"],
        fields: deepLast(specification("spec.workflowSpec")),
      },
      {
        ...common,
        resources: ["workfloweventbindings"],
        fields: [deletes("spec.submit.arguments.artifacts[*]")],
      },
      // The Pods of a Workflow report their artifacts here, and the controller copies them into the Workflow's status.
      { ...common, resources: ["workflowtaskresults"], fields: [deletes("outputs.artifacts[*]")] },
      {
        ...common,
        resources: ["workflowtasksets"],
        fields: [deletes("status.nodes[*].outputs.artifacts[*]")],
        writers: [{ username: controller, copiesFrom: "workflows.argoproj.io" }],
      },
      ...(events === "guarded"
        ? [
            {
              ...common,
              resources: ["sensors", "eventsources"],
              fields: [account("spec.template.serviceAccountName")],
            },
            {
              ...common,
              resources: ["eventbus"],
              fields: [account("spec.nats.native.serviceAccountName"), account("spec.jetstream.serviceAccountName")],
            },
          ]
        : []),
    ];
  },
});

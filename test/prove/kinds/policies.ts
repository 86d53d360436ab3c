import { type Policy, readPolicy } from "../../../lib/policy/index.ts";
import { presets } from "../../../lib/presets/index.ts";

/** The group of the resources that are made for this proof. */
export const group = "kinds.prove.example";

const account = (path: string, more: object = {}) => ({ path, serviceAccount: "name", ...more });
const mayBeEmpty = { onEmpty: "allow", emptyIsUnprivileged: true };
const target = (resources: readonly string[], more: object): object => ({
  group,
  versions: ["v1"],
  resources,
  ...more,
});

const annotation = 'metadata.annotations["example.com/run-as"]';
const writer = "system:serviceaccount:prove:writer";

/** Targets in the shape of real ecosystems, by the resource that each of them has, and some that hold the rest of the policy language. */
const targets: readonly object[] = [
  target(["fluxes"], {
    fields: [
      account("spec.serviceAccountName", {
        emptyStandsFor: "system:serviceaccount:flux-system:kustomize-controller",
        whenSet: [{ path: "spec.kubeConfig.secretRef.name", ...mayBeEmpty, permission: use("secrets") }],
      }),
      account("spec.decryption.serviceAccountName", mayBeEmpty),
    ],
  }),
  target(["fluxlockdowns"], { fields: [account("spec.serviceAccountName", { onEmpty: { default: "default" } })] }),
  target(["workflows"], {
    ...mayBeEmpty,
    fields: [
      account("spec.serviceAccountName"),
      account("spec.executor.serviceAccountName"),
      account("spec.templates[*].serviceAccountName"),
      account("spec.templates[*].inputs.artifacts[*].artifactGC.serviceAccountName"),
      account("spec.templates[*].steps[*][*].arguments.artifacts[*].artifactGC.serviceAccountName"),
      account("spec.templates[*].steps[*][*].inline.**.serviceAccountName"),
      { path: "spec.templates[*].podSpecPatch", names: "anything" },
      { path: "spec.podSpecPatch", names: "anything" },
      { path: "status.storedWorkflowTemplateSpec", names: "anything" },
    ],
    statusWriters: ["system:serviceaccount:argo:argo"],
  }),
  target(["pipelineruns"], {
    ...mayBeEmpty,
    unprivileged: ["default"],
    fields: [
      account("spec.taskRunTemplate.serviceAccountName"),
      account("spec.taskRunSpecs[*].serviceAccountName"),
      { path: "spec.taskRunSpecs[*].podTemplate", names: "anything" },
    ],
    writers: [{ username: writer, copiesFrom: `workflows.${group}` }],
  }),
  target(["secretstores", "clustersecretstores"], {
    ...mayBeEmpty,
    fields: [
      { path: "spec.provider.vault.serviceAccountRef.name", serviceAccount: { namespaceKey: "namespace" } },
      { path: "spec.provider.aws[*].serviceAccountRef.name", serviceAccount: { namespaceKey: "namespace" } },
    ],
  }),
  target(["appprojects"], {
    onEmpty: "deny",
    fields: [
      {
        path: "spec.destinationServiceAccounts[*].defaultServiceAccount",
        serviceAccount: { namespaceKey: "namespace", colon: true, required: true },
      },
      {
        path: "spec.account",
        serviceAccount: { namespaceAt: "spec.destination.namespace", colon: true },
        ...mayBeEmpty,
      },
      { path: "spec.inFull", serviceAccount: "namespace:name", ...mayBeEmpty },
    ],
  }),
  target(["defaults"], {
    fields: [{ path: "spec.account", serviceAccount: "namespace:name", onEmpty: { default: "prove:guest" } }],
  }),
  target(["teams"], {
    onForbidden: "deny",
    fields: [
      { path: "spec.groups", names: "group", onEmpty: "deny" },
      { path: "spec.rows[*].group", names: "group", ...mayBeEmpty },
      { path: "spec.user", emptyStandsFor: "prove-guest" },
    ],
  }),
  target(["logins"], {
    fields: [
      { path: "spec.user", standsFor: "prove-guest" },
      { path: "spec.rows[*].account", standsFor: "system:serviceaccount:prove:guest" },
      { path: "spec.remote", standsFor: "prove-guest", permission: use("logins") },
    ],
  }),
  target(["bundles"], {
    onEmpty: "deny",
    permission: { verb: "execute-as", group: "fleet.cattle.io", resource: "bundles" },
    fields: [account("spec.serviceAccount"), account("spec.targets[*].serviceAccount", mayBeEmpty)],
  }),
  // Fields of every kind that share their walks.
  target(["crews"], {
    onForbidden: "deny",
    ...mayBeEmpty,
    fields: [
      account("spec.rows[*].pods[*].account", { emptyStandsFor: "system:serviceaccount:prove:guest" }),
      { path: "spec.rows[*].pods[*].groups", names: "group" },
      { path: "spec.rows[*].pods[*].patch", names: "anything" },
      { path: "spec.rows[*].pods[*].volumes[*].account", serviceAccount: { namespaceKey: "namespace" } },
      { path: "spec.rows[*].pods[*].inline.**.user" },
      { path: "spec.rows[*].steps[*][*].patch", names: "anything" },
      { path: "spec.rows[*].steps[*][*].user", privileged: { root: "system:serviceaccount:prove:root" } },
      account("spec.rows[*].steps[*][*].inputs[*].account", { whenSet: [{ path: "spec.strict", onEmpty: "deny" }] }),
      { path: "spec.people[*].job.user", onEmpty: "deny" },
      { path: "spec.people[*].job.group", names: "group", onEmpty: "deny" },
    ],
  }),
  target(["people"], {
    privileged: { root: "system:serviceaccount:prove:root", boss: "prove-boss" },
    unprivileged: ["guest"],
    fields: [
      "spec.user",
      {
        path: "spec.other",
        onEmpty: "allow",
        emptyIsUnprivileged: true,
        whenSet: [{ path: "spec.strict", onForbidden: "deny", onEmpty: "deny" }],
      },
      "spec.list[*].user",
      { path: annotation, onForbidden: "deny", ...mayBeEmpty },
    ],
    writers: [{ username: writer, copiesFrom: `teams.${group}` }],
  }),
  target(["works"], {
    fields: [
      { path: "spec.user", onForbidden: "deny", emptyStandsFor: "system:serviceaccount::work-sa" },
      { path: "status.user", ...mayBeEmpty },
    ],
    statusPaths: ["status.children"],
    statusWriters: ["system:serviceaccount:prove:status-writer"],
  }),
];

function use(resource: string): object {
  return { verb: "use", group: "", resource };
}

/** Resources whose status is stored with the object, as Argo's are. */
export const withoutStatusSubresource: readonly string[] = [
  ...["workflows", "cronworkflows", "workflowtemplates", "clusterworkflowtemplates"],
  ...["workfloweventbindings", "workflowtasksets", "workflowartifactgctasks"],
];

/** All of these targets in one policy. */
export const kindsPolicy: Policy = readPolicy({ name: "kinds", targets });

/** Every preset in one policy, but for Razee's, which the proof of the twins tries with its own definitions. */
export const presetsPolicy: Policy = readPolicy({
  name: "presets",
  targets: Object.keys(presets).flatMap((preset) => (preset === "razee" ? [] : [{ preset }])),
});

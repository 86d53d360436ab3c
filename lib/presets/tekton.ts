import { definePreset } from "./preset.ts";

/**
 * Tekton Pipelines (1.9.0 `pkg/apis/pipeline/v1/pipelinerun_types.go` `GetTaskRunSpec`, `pkg/pod/pod.go`) and Triggers (0.34.0
 * `pkg/reconciler/eventlistener/resources`, `pkg/sink/auth_override.go`), both under https://github.com/tektoncd. Pods of a run have the account
 * of the object's namespace. An EventListener runs as its account and impersonates the one of a trigger. Tekton's own webhooks write the
 * default account into an empty field of a run or an EventListener. The controller copies a PipelineRun's accounts into its TaskRuns.
 */
export const tekton = definePreset({
  project: "pipeline 1.9.0, triggers 0.34.0",
  options: {
    namespace: { text: "the namespace of Tekton's controllers", is: "namespace", default: "tekton-pipelines" },
    defaultServiceAccount: {
      text: "the value of `default-service-account` in the ConfigMaps config-defaults and config-defaults-triggers",
      is: "service account",
      default: "default",
    },
  },
  targets: ({ namespace, defaultServiceAccount }) => {
    // The account that every empty field gets needs no permission, whether it is written or not.
    const usual = { onEmpty: "allow", emptyIsUnprivileged: true, unprivileged: [defaultServiceAccount] } as const;
    const account = (path: string) => ({ path, serviceAccount: "name" });
    const copiedByController = {
      writers: [
        {
          username: `system:serviceaccount:${namespace}:tekton-pipelines-controller`,
          copiesFrom: "pipelineruns.tekton.dev",
        },
      ],
    };
    return [
      {
        group: "tekton.dev",
        versions: ["v1"],
        resources: ["pipelineruns"],
        fields: [
          account("spec.taskRunTemplate.serviceAccountName"),
          account("spec.taskRunSpecs[*].serviceAccountName"),
        ],
        ...usual,
      },
      {
        group: "tekton.dev",
        versions: ["v1beta1"],
        resources: ["pipelineruns"],
        fields: [account("spec.serviceAccountName"), account("spec.taskRunSpecs[*].taskServiceAccountName")],
        ...usual,
      },
      {
        group: "tekton.dev",
        versions: ["v1", "v1beta1"],
        resources: ["taskruns"],
        fields: [account("spec.serviceAccountName")],
        ...usual,
        ...copiedByController,
      },
      {
        group: "tekton.dev",
        versions: ["v1beta1"],
        resources: ["customruns"],
        fields: [account("spec.serviceAccountName")],
        ...usual,
        ...copiedByController,
      },
      {
        group: "triggers.tekton.dev",
        versions: ["v1beta1", "v1alpha1"],
        resources: ["eventlisteners"],
        fields: [
          account("spec.serviceAccountName"),
          account("spec.triggers[*].serviceAccountName"),
          account("spec.resources.kubernetesResource.spec.template.spec.serviceAccountName"),
          {
            path: "spec.resources.customResource.spec.template.spec.serviceAccountName",
            serviceAccount: { namespaceAt: "spec.resources.customResource.metadata.namespace" },
            unprivileged: [],
          },
        ],
        ...usual,
        // The controller reads the custom resource with Go's `encoding/json`.
        ignoresLetterCase: true,
      },
      {
        group: "triggers.tekton.dev",
        versions: ["v1beta1", "v1alpha1"],
        resources: ["triggers"],
        fields: [account("spec.serviceAccountName")],
        ...usual,
      },
    ];
  },
});

import { definePreset, type PresetTarget } from "./preset.ts";

/**
 * Knative Eventing (0.47.0 `pkg/reconciler/apiserversource`, `containersource`, `integration`, `inmemorychannel`, `cmd/jobsink`,
 * https://github.com/knative/eventing). Pods of a source or sink have the account of the object's namespace, and Knative's webhook writes
 * `default` into an empty field of an ApiServerSource. A channel sends tokens of its subscribers' accounts, if authentication by OIDC is
 * switched on; the controller copies their names from the status of Subscriptions.
 */
export const knative = definePreset({
  project: "eventing 0.47.0",
  options: {
    namespace: {
      text: "the namespace of Knative Eventing's controllers",
      is: "namespace",
      default: "knative-eventing",
    },
  },
  targets: ({ namespace }) => {
    const controller = `system:serviceaccount:${namespace}:eventing-controller`;
    const account = (path: string) => ({ path, serviceAccount: "name" });
    // Kubernetes reads the older name of the field where the newer one is empty.
    const ofTemplate = (path: string) => [
      account(`${path}.spec.serviceAccountName`),
      account(`${path}.spec.serviceAccount`),
    ];
    const usual = { onEmpty: "allow", emptyIsUnprivileged: true, unprivileged: ["default"] } as const;
    const subscribers = account("spec.subscribers[*].auth.serviceAccountName");
    // The controller makes a channel of the template.
    const ofChannels = account("spec.channelTemplate.spec.subscribers[*].auth.serviceAccountName");
    const channel = (resource: string, fields: PresetTarget["fields"]) => ({
      group: "messaging.knative.dev",
      versions: ["v1"],
      resources: [resource],
      fields,
      onEmpty: "allow",
      emptyIsUnprivileged: true,
      writers: [{ username: controller, copiesFrom: "subscriptions.messaging.knative.dev" }],
    });
    return [
      {
        group: "sources.knative.dev",
        versions: ["v1"],
        resources: ["apiserversources"],
        fields: [account("spec.serviceAccountName")],
        ...usual,
      },
      {
        group: "sources.knative.dev",
        versions: ["v1"],
        resources: ["containersources"],
        fields: ofTemplate("spec.template"),
        ...usual,
        writers: [{ username: controller, copiesFrom: "integrationsources.sources.knative.dev" }],
      },
      {
        group: "sources.knative.dev",
        versions: ["v1alpha1"],
        resources: ["integrationsources"],
        fields: [account("spec.aws.auth.serviceAccountName"), ...ofTemplate("spec.template")],
        ...usual,
      },
      {
        group: "sinks.knative.dev",
        versions: ["v1alpha1"],
        resources: ["integrationsinks"],
        fields: [account("spec.aws.auth.serviceAccountName")],
        ...usual,
      },
      {
        group: "sinks.knative.dev",
        versions: ["v1alpha1"],
        resources: ["jobsinks"],
        fields: ofTemplate("spec.job.spec.template"),
        ...usual,
      },
      {
        group: "messaging.knative.dev",
        versions: ["v1"],
        resources: ["subscriptions"],
        fields: [account("status.auth.serviceAccountName")],
        onEmpty: "allow",
        emptyIsUnprivileged: true,
        statusWriters: [controller],
      },
      channel("channels", [subscribers, ofChannels]),
      channel("inmemorychannels", [subscribers]),
      {
        group: "flows.knative.dev",
        versions: ["v1"],
        resources: ["sequences", "parallels"],
        fields: [ofChannels],
        onEmpty: "allow",
        emptyIsUnprivileged: true,
      },
    ];
  },
});

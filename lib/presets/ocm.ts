import { definePreset } from "./preset.ts";

/**
 * Open Cluster Management (ocm 1.0.0 `manifestwork_validating.go` of its webhook, api 1.2.0 `work/v1/types.go`,
 * https://github.com/open-cluster-management-io). The agent of a managed cluster acts as the executor's account on that cluster, and without
 * an executor as itself. The question is the one of OCM's own webhook, which asks it of ManifestWorks that name an executor. OCM's roles for
 * its controllers grant it.
 */
export const ocm = definePreset({
  project: "ocm 1.0.0, api 1.2.0",
  options: {},
  targets: () => {
    const executor = (path: string) => ({
      path: `${path}.executor.subject.serviceAccount.name`,
      serviceAccount: { namespaceKey: "namespace", required: true },
      // The name that OCM gives to the agent's own account, of which the hub does not know the namespace.
      emptyStandsFor: "system:serviceaccount::klusterlet-work-sa",
      permission: { verb: "execute-as", group: "work.open-cluster-management.io", resource: "manifestworks" },
    });
    return [
      {
        group: "work.open-cluster-management.io",
        versions: ["v1"],
        resources: ["manifestworks"],
        fields: [executor("spec")],
      },
      {
        group: "work.open-cluster-management.io",
        versions: ["v1alpha1"],
        resources: ["manifestworkreplicasets"],
        fields: [executor("spec.manifestWorkTemplate")],
      },
    ];
  },
});

import { definePreset } from "./preset.ts";

/**
 * Argo CD (3.4.0 `controller/sync.go` `deriveServiceAccountToImpersonate`, https://github.com/argoproj/argo-cd), where
 * `application.sync.impersonation.enabled` is set. A sync impersonates the account of the first destination that matches: `NAMESPACE:NAME`, or
 * a name in the namespace of the Application's destination. An empty name, or one with a wildcard, fails the sync. The namespace of a
 * destination may be a pattern, which stands for many accounts: such a bare name is refused.
 */
export const argoCd = definePreset({
  project: "argo-cd 3.4.0",
  options: {
    destinations: {
      text: "whether the accounts live on this cluster (`local`) or also on others (`remote`), where the permission `execute-as` on appprojects is asked for",
      is: ["local", "remote"],
      default: "local",
    },
  },
  targets: ({ destinations }) => [
    {
      group: "argoproj.io",
      versions: ["v1alpha1"],
      resources: ["appprojects"],
      fields: [
        {
          path: "spec.destinationServiceAccounts[*].defaultServiceAccount",
          serviceAccount: { namespaceKey: "namespace", required: true, colon: true },
          ...(destinations === "remote" && {
            permission: { verb: "execute-as", group: "argoproj.io", resource: "appprojects" },
          }),
        },
      ],
    },
  ],
});

import { definePreset } from "./preset.ts";

/**
 * Fleet (0.12.0 `internal/helmdeployer/impersonate.go`, `internal/cmd/controller/options/calculate.go`, https://github.com/rancher/fleet). The
 * agent of a downstream cluster impersonates the account of that name in its own namespace there. Without a name it takes `fleet-default`
 * if that account exists, and otherwise acts as itself, which is cluster-admin. An account of a Bundle's target replaces the Bundle's.
 */
export const rancherFleet = definePreset({
  project: "fleet 0.12.0",
  options: {
    namespace: { text: "the namespace of Fleet's controllers", is: "namespace", default: "cattle-fleet-system" },
  },
  targets: ({ namespace }) => {
    const emptyStandsFor = `system:serviceaccount:${namespace}:fleet-agent`;
    const account = (path: string) => ({ path, serviceAccount: "name" });
    // An empty one means the account of the whole object.
    const ofTargets = { ...account("spec.targets[*].serviceAccount"), onEmpty: "allow", emptyIsUnprivileged: true };
    const target = <T extends object>(resource: string, members: T) => ({
      group: "fleet.cattle.io",
      versions: ["v1alpha1"],
      resources: [resource],
      emptyStandsFor,
      // The account lives on the downstream clusters.
      permission: { verb: "execute-as", group: "fleet.cattle.io", resource },
      ...members,
    });
    const copier = (name: string, resource: string) => ({
      username: `system:serviceaccount:${namespace}:${name}`,
      copiesFrom: `${resource}.fleet.cattle.io`,
    });
    return [
      target("gitrepos", { fields: [account("spec.serviceAccount")] }),
      // One resource, which was renamed.
      target("helmops", { fields: [account("spec.serviceAccount"), ofTargets] }),
      target("helmapps", { fields: [account("spec.serviceAccount"), ofTargets] }),
      target("bundles", {
        fields: [account("spec.serviceAccount"), ofTargets],
        writers: [copier("helmops", "helmops")],
      }),
      target("bundledeployments", {
        fields: [account("spec.options.serviceAccount"), account("spec.stagedOptions.serviceAccount")],
        writers: [copier("fleet-controller", "bundles")],
      }),
    ];
  },
});

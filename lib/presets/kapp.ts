import { definePreset } from "./preset.ts";

/**
 * kapp-controller (0.50.0 `pkg/kubeconfig/kubeconfig.go`, `pkg/packageinstall/app.go`, https://github.com/carvel-dev/kapp-controller). The
 * controller mints a token for the account of the object's namespace. Without a name it uses the kubeconfig of `spec.cluster`, and without
 * that it does nothing. Of a PackageInstall it makes an App that names the same account.
 */
export const kapp = definePreset({
  project: "kapp-controller 0.50.0",
  options: {
    namespace: { text: "the namespace of kapp-controller", is: "namespace", default: "kapp-controller" },
  },
  targets: ({ namespace }) => {
    const account = {
      path: "spec.serviceAccountName",
      serviceAccount: "name",
      // The account of an empty field is then the one of the kubeconfig.
      whenSet: [{ path: "spec.cluster.kubeconfigSecretRef.name", onEmpty: "allow", emptyIsUnprivileged: true }],
    } as const;
    return [
      { group: "packaging.carvel.dev", versions: ["v1alpha1"], resources: ["packageinstalls"], fields: [account] },
      {
        group: "kappctrl.k14s.io",
        versions: ["v1alpha1"],
        resources: ["apps"],
        fields: [account],
        writers: [
          {
            username: `system:serviceaccount:${namespace}:kapp-controller-sa`,
            copiesFrom: "packageinstalls.packaging.carvel.dev",
          },
        ],
      },
    ];
  },
});

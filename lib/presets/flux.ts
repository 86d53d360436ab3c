import { definePreset } from "./preset.ts";

/** An account of the object's namespace, by its name. */
const account = { serviceAccount: "name" } as const;

/**
 * Flux (kustomize-controller 1.9.6 `api/v1/kustomization_types.go`, helm-controller 1.4.0 `api/v2/helmrelease_types.go`, source-controller
 * 1.9.6 `api/v1`, all under https://github.com/fluxcd). A controller impersonates the account that the object names. Without a name it acts
 * as itself, which is cluster-admin, or as the account of its flag `--default-service-account`. With `spec.kubeConfig` it acts on another
 * cluster: by the credentials of a Secret, or by the token of an account, which a ConfigMap names beside the server that gets the token.
 */
export const flux = definePreset({
  project: "kustomize-controller 1.9.6, helm-controller 1.4.0, source-controller 1.9.6",
  options: {
    namespace: { text: "the namespace of Flux's controllers", is: "namespace", default: "flux-system" },
    defaultServiceAccount: {
      text: "the value of the controllers' flag `--default-service-account` (lockdown): an empty field is set to that name",
      is: "service account",
    },
    kubeConfigSecrets: {
      text: "whether a kubeconfig in a Secret may name files of the controller, its token too (`files`, helm-controller 1.4.0), so that `spec.kubeConfig` needs the permission to impersonate the controller, or only `inline` credentials (kustomize-controller 1.9.6)",
      is: ["files", "inline"],
      default: "files",
    },
  },
  targets: ({ namespace, defaultServiceAccount, kubeConfigSecrets }) => {
    const usernameOf = (controller: string): string => `system:serviceaccount:${namespace}:${controller}`;
    const emptyIs = (controller: string): object =>
      defaultServiceAccount === undefined
        ? { emptyStandsFor: usernameOf(controller) }
        : { onEmpty: { default: defaultServiceAccount } };
    const isInline = kubeConfigSecrets === "inline";
    const actsAs = (controller: string) => ({
      path: "spec.serviceAccountName",
      ...account,
      ...emptyIs(controller),
      // The account of an empty field is then the one of the kubeconfig.
      ...(isInline && {
        whenSet: [{ path: "spec.kubeConfig.secretRef.name", onEmpty: "allow", emptyIsUnprivileged: true }],
      }),
    });
    // A ConfigMap names a server and the account whose token Flux sends there: any account of the namespace or, without a name, the
    // controller (fluxcd/pkg `auth/utils/restconfig.go`). A kubeconfig in a Secret could name the file of the controller's token, until
    // https://github.com/fluxcd/pkg/pull/1281.
    const connectsAs = (controller: string) => ({
      path: isInline ? "spec.kubeConfig.configMapRef" : "spec.kubeConfig",
      standsFor: usernameOf(controller),
    });
    // An empty field means the controller's own cloud identity, which Flux gives to every object.
    const ofCloud = (path: string) => ({ path, ...account, onEmpty: "allow", emptyIsUnprivileged: true });
    return [
      {
        group: "kustomize.toolkit.fluxcd.io",
        versions: ["v1"],
        resources: ["kustomizations"],
        fields: [
          actsAs("kustomize-controller"),
          connectsAs("kustomize-controller"),
          ofCloud("spec.decryption.serviceAccountName"),
        ],
      },
      {
        group: "helm.toolkit.fluxcd.io",
        versions: ["v2"],
        resources: ["helmreleases"],
        fields: [actsAs("helm-controller"), connectsAs("helm-controller")],
      },
      {
        group: "source.toolkit.fluxcd.io",
        versions: ["v1"],
        resources: ["gitrepositories", "ocirepositories", "buckets"],
        fields: [ofCloud("spec.serviceAccountName")],
      },
    ];
  },
});

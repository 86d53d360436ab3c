import { definePreset, type PresetTarget } from "./preset.ts";

/** Providers that use a token of the account, by the path to its reference. */
const providers = [
  "akeyless.authSecretRef.kubernetesAuth.serviceAccountRef",
  "aws.auth.jwt.serviceAccountRef",
  "azurekv.serviceAccountRef",
  "conjur.auth.jwt.serviceAccountRef",
  "doppler.auth.oidcConfig.serviceAccountRef",
  "gcpsm.auth.workloadIdentity.serviceAccountRef",
  "gcpsm.auth.workloadIdentityFederation.serviceAccountRef",
  "kubernetes.auth.serviceAccount",
  "oracle.serviceAccountRef",
] as const;

const ofVault = [
  "auth.gcp.serviceAccountRef",
  "auth.gcp.workloadIdentity.serviceAccountRef",
  "auth.iam.jwt.serviceAccountRef",
  "auth.jwt.kubernetesServiceAccountToken.serviceAccountRef",
] as const;

/** Generators with one reference or several, by the kind's member of a ClusterGenerator. */
const generators = {
  acrAccessToken: ["auth.workloadIdentity.serviceAccountRef"],
  cloudsmithAccessToken: ["serviceAccountRef"],
  ecrAuthorizationToken: ["auth.jwt.serviceAccountRef"],
  gcrAccessToken: ["auth.workloadIdentity.serviceAccountRef", "auth.workloadIdentityFederation.serviceAccountRef"],
  quayAccessToken: ["serviceAccountRef"],
  stsSessionToken: ["auth.jwt.serviceAccountRef"],
} as const;

/**
 * External Secrets (1.3.2 `config/crds/bases`, `runtime/esutils`, `providers/v1`, `generators/v1`,
 * https://github.com/external-secrets/external-secrets). The controller mints a token for the account and sends it to the provider. A
 * SecretStore and a generator name accounts of their own namespace. A ClusterSecretStore names the namespace too; without one the account is
 * that of each namespace in turn, which is refused. So is every account of a ClusterGenerator, for which the controller ignores the
 * namespace: it needs the permission for all accounts. Without an account most providers use the cloud's identity of the controller's Pod.
 * Vault's and Infisical's Kubernetes logins send the controller's own token.
 */
export const externalSecrets = definePreset({
  project: "external-secrets 1.3.2",
  options: {
    controller: {
      text: "the service account of the controller",
      is: "username",
      default: "system:serviceaccount:external-secrets:external-secrets",
    },
  },
  targets: ({ controller }) => {
    const emptyIsFine = { onEmpty: "allow", emptyIsUnprivileged: true } as const;
    const vaultLogin = (vault: string, serviceAccount: string | object) => ({
      path: `${vault}.auth.kubernetes.serviceAccountRef.name`,
      serviceAccount,
      whenSet: [
        { path: `${vault}.auth.kubernetes.secretRef.name`, ...emptyIsFine },
        { path: `${vault}.auth.kubernetes`, emptyStandsFor: controller },
      ],
    });
    const infisicalLogin = { path: "spec.provider.infisical.auth.kubernetesAuthCredentials", standsFor: controller };
    const stores = (resource: string, serviceAccount: string | object) => ({
      group: "external-secrets.io",
      versions: ["v1"],
      resources: [resource],
      fields: [
        ...[...providers, ...ofVault.map((path) => `vault.${path}`)].map((path) => ({
          path: `spec.provider.${path}.name`,
          serviceAccount,
        })),
        vaultLogin("spec.provider.vault", serviceAccount),
        infisicalLogin,
      ],
      ...emptyIsFine,
    });
    const generator = (resource: string, fields: PresetTarget["fields"]) => ({
      group: "generators.external-secrets.io",
      versions: ["v1alpha1"],
      resources: [resource],
      fields,
      ...emptyIsFine,
    });
    const anyAccount = (path: string) => ({ path: `spec.generator.${path}`, names: "anything" });
    return [
      stores("secretstores", "name"),
      stores("clustersecretstores", { namespaceKey: "namespace", required: true }),
      ...Object.entries(generators).map(([kind, paths]) =>
        generator(
          `${kind.toLowerCase()}s`,
          paths.map((path) => ({ path: `spec.${path}.name`, serviceAccount: "name" })),
        ),
      ),
      generator("vaultdynamicsecrets", [
        ...ofVault.map((path) => ({ path: `spec.provider.${path}.name`, serviceAccount: "name" })),
        vaultLogin("spec.provider", "name"),
      ]),
      generator("clustergenerators", [
        ...Object.entries(generators).flatMap(([kind, paths]) =>
          paths.map((path) => anyAccount(`${kind}Spec.${path}`)),
        ),
        ...ofVault.map((path) => anyAccount(`vaultDynamicSecretSpec.provider.${path}`)),
        anyAccount("vaultDynamicSecretSpec.provider.auth.kubernetes"),
      ]),
    ];
  },
});

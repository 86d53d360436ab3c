import type { Endpoint } from "../../../lib/index.ts";

/** How a webhook is registered. */
export interface Registration {
  readonly endpoint: Endpoint;
  /** What the API server sends: the first of admissionReviewVersions that it knows. */
  readonly reviewVersion: "v1" | "v1beta1";
  /** Undefined leaves it to the API server. */
  readonly failurePolicy?: "Fail" | "Ignore";
  readonly timeoutSeconds: number;
}

const usual = { reviewVersion: "v1", failurePolicy: "Fail", timeoutSeconds: 10 } as const;

/** Every way in which a row's webhook is registered. The key is the name of the one namespace that it is called for. */
export const registrations = {
  mutate: { ...usual, endpoint: "mutate" },
  validate: { ...usual, endpoint: "validate" },
  "mutate-v1beta1": { ...usual, endpoint: "mutate", reviewVersion: "v1beta1" },
  "validate-v1beta1": { ...usual, endpoint: "validate", reviewVersion: "v1beta1" },
  "mutate-ignore": { ...usual, endpoint: "mutate", failurePolicy: "Ignore" },
  "validate-ignore": { ...usual, endpoint: "validate", failurePolicy: "Ignore" },
  "mutate-unset": { endpoint: "mutate", reviewVersion: "v1", timeoutSeconds: 10 },
  "validate-unset": { endpoint: "validate", reviewVersion: "v1", timeoutSeconds: 10 },
  "mutate-soon": { ...usual, endpoint: "mutate", timeoutSeconds: 3 },
  "validate-soon": { ...usual, endpoint: "validate", timeoutSeconds: 3 },
  "mutate-soon-ignore": { ...usual, endpoint: "mutate", failurePolicy: "Ignore", timeoutSeconds: 3 },
  "validate-soon-ignore": { ...usual, endpoint: "validate", failurePolicy: "Ignore", timeoutSeconds: 3 },
} as const satisfies Readonly<Record<string, Registration>>;

export type RegistrationName = keyof typeof registrations;

export const registrationNames = Object.keys(registrations) as readonly RegistrationName[];

/** The same in every configuration, so that the texts of the table hold for all of them. */
export const webhookName = "answers.example.com";

/** The configuration that registers a webhook at a server. */
export const configurationOf = (
  name: RegistrationName,
  server: { readonly url: string; readonly ca: string },
): object => {
  const { endpoint, reviewVersion, timeoutSeconds, ...rest }: Registration = registrations[name];
  return {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: endpoint === "mutate" ? "MutatingWebhookConfiguration" : "ValidatingWebhookConfiguration",
    metadata: { name },
    webhooks: [
      {
        ...rest,
        name: webhookName,
        clientConfig: { url: `${server.url}/${name}`, caBundle: Buffer.from(server.ca).toString("base64") },
        rules: [
          {
            apiGroups: ["deploy.razee.io"],
            apiVersions: ["*"],
            resources: ["*"],
            operations: ["CREATE", "UPDATE", "DELETE"],
          },
        ],
        namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
        sideEffects: "None",
        timeoutSeconds,
        admissionReviewVersions: [reviewVersion],
      },
    ],
  };
};

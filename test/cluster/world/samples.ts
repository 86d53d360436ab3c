/** The smallest object of a kind that the API server accepts; its `apiVersion` is added. */
export type Sample = (name: string) => object;

const labels = { app: "sample" };
const selector = { matchLabels: labels };
const containers = [{ name: "main", image: "example.com/main" }];
const template = { metadata: { labels }, spec: { containers } };
const job = { spec: { containers, restartPolicy: "Never" } };

/** A certificate request (DER, in base64). Its private key was thrown away. */
const request =
  "MIGQMEQCAQAwETEPMA0GA1UEAwwGc2FtcGxlMCowBQYDK2VwAyEAgHEt7nMLx7TOC89XSlPrisky+BRWgaezZH9Ejv0wTTWgADAFBgMrZXADQQCss2oqKv4Wd2E3hDyYoVeWMLReDUA/qAw0SREAripv/i8L5XRXj9vf9XBoPWumB4yFA/Gf0JY89wtcKi4X38UL";
const pem = `-----BEGIN CERTIFICATE REQUEST-----
${request}
-----END CERTIFICATE REQUEST-----
`;
const uid = "00000000-0000-4000-8000-000000000000";

const of =
  (kind: string, spec?: object, more: object = {}): Sample =>
  (name) => ({ kind, metadata: { name }, ...(spec ? { spec } : {}), ...more });

/** One for each built-in kind with subresources that can be written to, by `PLURAL.GROUP`. */
export const samples: Readonly<Record<string, Sample>> = {
  namespaces: of("Namespace"),
  nodes: of("Node"),
  persistentvolumeclaims: of("PersistentVolumeClaim", {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "1Gi" } },
  }),
  persistentvolumes: of("PersistentVolume", {
    accessModes: ["ReadWriteOnce"],
    capacity: { storage: "1Gi" },
    hostPath: { path: "/sample" },
  }),
  // An eviction must not delete the Pod at once.
  pods: (name) => ({ kind: "Pod", metadata: { name, finalizers: ["example.com/keep"] }, spec: { containers } }),
  replicationcontrollers: of("ReplicationController", { selector: labels, template }),
  resourcequotas: of("ResourceQuota", { hard: { secrets: "1" } }),
  serviceaccounts: of("ServiceAccount"),
  services: of("Service", { ports: [{ port: 80 }] }),

  "customresourcedefinitions.apiextensions.k8s.io": (name) => ({
    kind: "CustomResourceDefinition",
    metadata: { name: `${name}s.example.com` },
    spec: {
      group: "example.com",
      names: { kind: name.replaceAll("-", ""), plural: `${name}s` },
      scope: "Namespaced",
      versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
    },
  }),
  "apiservices.apiregistration.k8s.io": (name) => ({
    kind: "APIService",
    metadata: { name: `v1.${name}.example.com` },
    spec: { group: `${name}.example.com`, version: "v1", groupPriorityMinimum: 1, versionPriority: 1 },
  }),
  "validatingadmissionpolicies.admissionregistration.k8s.io": of("ValidatingAdmissionPolicy", {
    matchConstraints: {
      resourceRules: [
        { apiGroups: ["example.com"], apiVersions: ["v1"], resources: ["samples"], operations: ["CREATE"] },
      ],
    },
    validations: [{ expression: "true" }],
  }),
  "daemonsets.apps": of("DaemonSet", { selector, template }),
  "deployments.apps": of("Deployment", { selector, template }),
  "replicasets.apps": of("ReplicaSet", { selector, template }),
  "statefulsets.apps": of("StatefulSet", { selector, template, serviceName: "sample" }),
  "horizontalpodautoscalers.autoscaling": of("HorizontalPodAutoscaler", {
    maxReplicas: 1,
    scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "sample" },
  }),
  "cronjobs.batch": of("CronJob", { schedule: "@yearly", jobTemplate: { spec: { template: job } } }),
  "jobs.batch": of("Job", { template: job }),
  "ingresses.networking.k8s.io": of("Ingress", {
    defaultBackend: { service: { name: "sample", port: { number: 80 } } },
  }),
  "servicecidrs.networking.k8s.io": of("ServiceCIDR", { cidrs: ["10.96.0.0/24"] }),
  "poddisruptionbudgets.policy": of("PodDisruptionBudget", { selector }),
  "flowschemas.flowcontrol.apiserver.k8s.io": of("FlowSchema", { priorityLevelConfiguration: { name: "catch-all" } }),
  "prioritylevelconfigurations.flowcontrol.apiserver.k8s.io": of("PriorityLevelConfiguration", {
    type: "Limited",
    limited: { limitResponse: { type: "Reject" } },
  }),
  "certificatesigningrequests.certificates.k8s.io": of("CertificateSigningRequest", {
    signerName: "example.com/sample",
    usages: ["client auth"],
    request: Buffer.from(pem).toString("base64"),
  }),
  "podcertificaterequests.certificates.k8s.io": of("PodCertificateRequest", {
    signerName: "example.com/sample",
    podName: "sample",
    podUID: uid,
    serviceAccountName: "sample",
    serviceAccountUID: uid,
    nodeName: "somewhere",
    nodeUID: uid,
    stubPKCS10Request: request,
  }),
  "volumeattachments.storage.k8s.io": of("VolumeAttachment", {
    attacher: "example.com",
    nodeName: "somewhere",
    source: { persistentVolumeName: "sample" },
  }),
  "csinodes.storage.k8s.io": of("CSINode", { drivers: [] }),
  "resourceclaims.resource.k8s.io": of("ResourceClaim", {}),
  "devicetaintrules.resource.k8s.io": of("DeviceTaintRule", {
    deviceSelector: { driver: "example.com" },
    taint: { key: "example.com/sample", effect: "NoSchedule" },
  }),
  "resourcepoolstatusrequests.resource.k8s.io": of("ResourcePoolStatusRequest", { driver: "example.com" }),
  "podgroups.scheduling.k8s.io": of("PodGroup", { schedulingPolicy: { basic: {} } }),
  "compositepodgroups.scheduling.k8s.io": of("CompositePodGroup", {
    schedulingPolicy: { basic: {} },
    workloadRef: { workloadName: "sample", templateName: "sample" },
  }),
  "evictionrequests.lifecycle.k8s.io": of("EvictionRequest", {
    target: { pod: { name: "sample", uid } },
    requester: "example.com/sample",
    intent: "Eviction",
  }),
  "evictions.lifecycle.k8s.io": of("Eviction", { target: { pod: { name: "sample", uid } } }),
  "storageversionmigrations.storagemigration.k8s.io": of("StorageVersionMigration", {
    resource: { group: "apps", resource: "deployments" },
  }),
  "storageversions.internal.apiserver.k8s.io": (name) => ({
    kind: "StorageVersion",
    metadata: { name: `example.com.${name}` },
    spec: {},
    status: {},
  }),
};

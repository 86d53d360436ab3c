import type { presets } from "../../lib/presets/index.ts";
import type { PublishedPackage } from "./sources.ts";

/** Where the CRDs of a project are. */
export type Source =
  | {
      readonly module: string;
      /** A file of the module, or a folder. */
      readonly crds: string;
      /** The folder whose subfolders hold the Go types of each version, where the CRDs have no schema. */
      readonly types?: string;
    }
  | { readonly package: PublishedPackage; readonly crds: string };

/** Places in objects that a preset leaves alone, and why. */
export interface Reason {
  /** Names of resources, `PLURAL.GROUP`. Absent: all of the project. */
  readonly resources?: RegExp;
  readonly paths: RegExp;
  readonly because: string;
}

/** The facts about an ecosystem that its preset does not say. The page of presets shows them, and the CRDs are compared with them. */
export interface Ecosystem {
  readonly sources: readonly Source[];
  /** Options of the preset that guard what it leaves alone by default. */
  readonly options: Readonly<Record<string, string>>;
  /** The meaning of an empty field. */
  readonly empty: string;
  /** Controllers that the guard was tried with. The meaning of all other fields was read from the source. */
  readonly ran: readonly string[];
  /** Sentences on what the preset cannot do, and on what it asks of its users. */
  readonly limits: readonly string[];
  /** Places with the name of an account, or a name that looks like one, in words for the page. */
  readonly notCovered: readonly (Reason & { readonly what: string })[];
  /** Places where the schema allows every member. */
  readonly opaque: readonly Reason[];
  /** Guarded resources, `PLURAL.GROUP/VERSION`, whose CRDs are not among the sources, each with the reason. */
  readonly unread: Readonly<Record<string, string>>;
  /** Guarded versions, `PLURAL.GROUP/VERSION`, whose status is stored with the object, while the preset names no writer of it. */
  readonly withoutStatusWriters: readonly string[];
}

const nothing = {
  ran: [],
  options: {},
  limits: [],
  notCovered: [],
  opaque: [],
  unread: {},
  withoutStatusWriters: [],
} as const;

const chartValues: Reason = {
  paths: /\bhelm\.values(Object)?$|^spec\.values$/,
  because: "the values of a Helm chart, whose objects the guarded account applies",
};
const labels: Reason = { paths: /\.matchLabels$/, because: "labels of a selector" };

/** Objects that Kubernetes stores nowhere: the guarded account creates them, and each is judged when it does. */
const appliedObjects = "objects that the guarded account applies, each of which is judged then";

const ofProvider = (paths: RegExp, what: string) => ({ paths, what, because: "it is an identity of the provider" });

/** Names in Pods that are no choice of an account. */
const inPods = [
  {
    paths: /\bprojected\.sources\[\*\]\.serviceAccountToken$/,
    what: "`serviceAccountToken` of a projected volume",
    because: "it is a token of the Pod's own account",
  },
  { paths: /\bwindowsOptions\.runAsUserName$/, what: "`runAsUserName`", because: "it is a user in a container" },
] as const;

export const ecosystems: Readonly<Record<keyof typeof presets, Ecosystem>> = {
  "argo-cd": {
    ...nothing,
    sources: [{ module: "github.com/argoproj/argo-cd/v3", crds: "manifests/crds" }],
    empty: "The sync fails. The CRD requires the field.",
    limits: [
      "The guard has an effect where `application.sync.impersonation.enabled` is set in the ConfigMap argocd-cm. Without it every sync has the rights of argocd-application-controller.",
      "An Application names no account. The AppProject that it selects does, so rights on Applications of a project are rights to act as the accounts of that project.",
      "A bare name beside a pattern or beside no namespace stands for many accounts, and is refused. Write `NAMESPACE:NAME`.",
      "An account on another cluster is asked about as if it lived on this one, unless `destinations: remote` is set.",
    ],
    notCovered: [
      {
        resources: /^applications\./,
        paths: /\binitiatedBy\.username$/,
        what: "`operation.initiatedBy.username`",
        because: "it is the name in the history and in notifications, and no request is sent as it",
      },
      ofProvider(/\bbasicAuth\.username$/, "`basicAuth.username` of a generator"),
    ],
    opaque: [
      chartValues,
      {
        resources: /^applicationsets\./,
        paths: /\.(elements|parameters)\[\*\]$|\.(matrix|merge)$/,
        because: "parameters for templates of Applications",
      },
    ],
    withoutStatusWriters: ["appprojects.argoproj.io/v1alpha1"],
  },
  "argo-workflows": {
    ...nothing,
    options: { events: "guarded" },
    sources: [
      { module: "github.com/argoproj/argo-workflows/v3", crds: "manifests/base/crds/full" },
      { module: "github.com/argoproj/argo-events", crds: "manifests/base/crds" },
    ],
    empty:
      "The account `default` of the namespace, or with `workflowTemplateRef` the account of that template. The first needs no permission, the second is refused unless `emptyWithTemplate: allow` is set.",
    ran: ["workflow-controller"],
    limits: [
      "A template that a Workflow refers to is trusted with its accounts, because its author answered for them, unless `references: all-accounts` is set.",
      "Sensors, EventSources and EventBuses of Argo Events are guarded with `events: guarded`.",
    ],
    notCovered: [
      {
        resources: /^workflowtasksets\./,
        paths: /^spec\.tasks\[\*\]\.(.*\.)?(serviceAccountName|executor)$/,
        what: "accounts in `spec.tasks` of a WorkflowTaskSet",
        because: "the agent only sends HTTP requests and calls plugins, in a Pod that runs already",
      },
      {
        resources: /^workflowartifactgctasks\./,
        paths: /\.artifactGC\.serviceAccountName$/,
        what: "accounts in a WorkflowArtifactGCTask",
        because: "a Pod that runs already deletes the artifacts, and does not read it",
      },
      {
        resources: /^workflows\./,
        paths: /^status\.stored.*\.executor$/,
        what: "`executor` in the status of a Workflow",
        because: "its one member is `serviceAccountName`, which is guarded at any depth there",
      },
      ofProvider(/\.(usernameSecret|krbUsername|serviceAccountKeySecret)$/, "users of artifact stores"),
      ...inPods,
    ],
    opaque: [
      { paths: /\b(withItems|plugin)$/, because: "data for templates and plugins" },
      {
        resources: /^workflowtasksets\./,
        paths: /^spec\.tasks\[\*\].*\.inline$/,
        because: "of steps, which the agent does not run",
      },
      { resources: /^(eventbus|eventsources|sensors)\./, paths: /^status$/, because: "the controller's report" },
    ],
  },
  "external-secrets": {
    ...nothing,
    sources: [{ module: "github.com/external-secrets/external-secrets", crds: "config/crds/bases" }],
    empty:
      "The provider's other login counts, which is often the cloud identity of the controller's Pod. Vault's Kubernetes login without a Secret sends the token of the controller, so an empty field stands for `controller`. Infisical's Kubernetes login always does, so its `kubernetesAuthCredentials` stand for `controller`.",
    limits: [
      "A ClusterSecretStore without a namespace beside the account takes the account from each namespace that uses it, and is refused.",
      "A ClusterGenerator takes its account from each namespace that uses it, whatever namespace it names: it needs the permission to impersonate every service account.",
      "The cloud identity of the controller's Pod belongs to every store without an account.",
      "A store whose Akeyless Secret has the access type `k8s` sends the controller's own token. The object does not show it.",
    ],
    notCovered: [
      ofProvider(/\buser_?name(Secret)?$|\.ldapUsername$/i, "usernames for a provider"),
      ofProvider(/\.serviceAccountKeyFilePath$/, "`infisical.auth.gcpIamAuthCredentials.serviceAccountKeyFilePath`"),
      ofProvider(/\.onepasswordSDK\.auth\.serviceAccountSecretRef$/, "`onepasswordSDK.auth.serviceAccountSecretRef`"),
      ofProvider(/^spec\.(generator\.grafanaSpec\.)?serviceAccount$/, "`serviceAccount` of a Grafana generator"),
    ],
    opaque: [
      { resources: /pushsecrets\./, paths: /\bmetadata$/, because: "metadata for the provider" },
      { paths: /\bparameters$/, because: "parameters of a request to Vault" },
      {
        resources: /^generatorstates\./,
        paths: /^spec\.(resource|state)$/,
        because: "the controller's own record of a generator",
      },
    ],
  },
  fleet: {
    ...nothing,
    sources: [{ module: "github.com/rancher/fleet", crds: "charts/fleet-crd/templates/crds.yaml" }],
    empty:
      "The account `fleet-default` of the agent's namespace, or the agent itself, which is cluster-admin: it stands for `system:serviceaccount:cattle-fleet-system:fleet-agent`. An empty one in `targets` means the account of the whole object.",
    limits: [
      "The account lives on the downstream clusters, so the permission is `execute-as` on the resource. Its name in the question is `system:serviceaccount:WORKSPACE:NAME`.",
      "The Job of a GitRepo creates Bundles as `git-GITREPO`, and fleet.yaml in the repository may name an account: that account is asked about like every requester, and needs a RoleBinding (below).",
    ],
    notCovered: [
      {
        resources: /^gitreporestrictions\./,
        paths: /^(allowedServiceAccounts|defaultServiceAccount)$/,
        what: "`defaultServiceAccount` and `allowedServiceAccounts` of a GitRepoRestriction",
        because:
          "they restrict a GitRepo without an account, which is judged as the agent and may only lose rights by it",
      },
    ],
    opaque: [
      chartValues,
      { resources: /^clusters\./, paths: /^spec\.templateValues$/, because: "values for the templates of charts" },
    ],
    unread: {
      "helmops.fleet.cattle.io/v1alpha1": "the later name of helmapps, in versions whose module is not served",
    },
  },
  flux: {
    ...nothing,
    sources: [
      { module: "github.com/fluxcd/kustomize-controller", crds: "config/crd/bases" },
      { module: "github.com/fluxcd/helm-controller", crds: "config/crd/bases" },
      { module: "github.com/fluxcd/source-controller", crds: "config/crd/bases" },
    ],
    empty:
      "The controller itself, which is cluster-admin, or the account of its flag `--default-service-account`. In `decryption` and in a source: the controller's own cloud identity.",
    ran: ["kustomize-controller", "helm-controller"],
    limits: [
      "With `spec.kubeConfig` the account lives on another cluster. It is asked about as if it lived on this one.",
      "The ConfigMap or Secret of `spec.kubeConfig` can give away the controller's own token, so a reference to one is judged as the controller's own account. With `kubeConfigSecrets: inline` a Secret is as good as the credentials in it: a user who may write the object uses them ([GitOps](gitops.md#other-clusters)).",
      "Alerts, receivers, image automation and Terraform objects are not guarded: their modules could not be read.",
    ],
    notCovered: [
      {
        resources: /^(helmcharts|ocirepositories)\./,
        paths: /\bmatchOIDCIdentity\[\*\]\.subject$/,
        what: "`spec.verify.matchOIDCIdentity`",
        because: "it is the expected signer of an artifact",
      },
    ],
    opaque: [chartValues],
  },
  kapp: {
    ...nothing,
    sources: [{ module: "github.com/vmware-tanzu/carvel-kapp-controller", crds: "config/config/crds.yml" }],
    empty: "With `spec.cluster` the account of that kubeconfig; otherwise the reconciliation fails.",
    limits: [],
    notCovered: [
      {
        resources: /^internalpackages\./,
        paths: /^spec\.template\.spec\.serviceAccountName$/,
        what: "`spec.template.spec.serviceAccountName` of a Package (internalpackages)",
        because: "the controller always replaces it by the PackageInstall's",
      },
    ],
    opaque: [{ resources: /^internalpackages\./, paths: /\.openAPIv3$/, because: "a schema of values" }],
  },
  knative: {
    ...nothing,
    sources: [{ module: "knative.dev/eventing", crds: "config" }],
    empty: "The account `default` of the namespace, which Knative's webhook writes into an ApiServerSource.",
    limits: [
      "With authentication by OIDC, the editor of a Subscription or of a Channel with subscribers needs the permission to impersonate the account that Knative made for the Subscription.",
      "The channel template of a Broker stands in a ConfigMap, which is not judged.",
      "Sources and channels of other projects (Kafka, RabbitMQ, Camel) are not guarded.",
    ],
    notCovered: [
      {
        paths: /^status\.(subscribers\[\*\]\.)?auth\.serviceAccountNames?$/,
        what: "`status.auth` of other resources than Subscriptions",
        because:
          "the controller makes this account itself, writes its name again at each reconciliation, and uses it for authentication by OIDC, which is off by default",
      },
      {
        paths: /^spec\.subscribers\[\*\]\.auth\.serviceAccountNames$/,
        what: "`spec.subscribers[*].auth.serviceAccountNames` of channels",
        because: "no controller reads it",
      },
      {
        resources: /^sinkbindings\./,
        paths: /^spec\.subject$/,
        what: "`spec.subject` of a SinkBinding",
        because: "it selects the workloads that get environment variables",
      },
    ],
    opaque: [
      labels,
      { paths: /^status\b/, because: "the controller's report" },
      { paths: /\b(extensions|attributes)$|^spec\.filters\[\*\]/, because: "attributes of events" },
      { paths: /\bdelivery$/, because: "retries, and the address for undelivered events" },
      { resources: /^subscriptions\./, paths: /^spec\.(channel|subscriber\.ref)$/, because: "a reference" },
      {
        resources: /^(triggers\.eventing|parallels)\./,
        paths: /^spec$|^spec\.branches\[\*\]$/,
        because: "of filters, subscribers and references, by the Go types",
      },
    ],
  },
  ocm: {
    ...nothing,
    sources: [{ module: "open-cluster-management.io/api", crds: "." }],
    empty:
      "The agent's own account, which is cluster-admin on the managed cluster: it stands for `system:serviceaccount::klusterlet-work-sa`, as in OCM's own check.",
    limits: [
      "The permission is OCM's own: `execute-as` on manifestworks, with the username of the account as its name. The namespace is the object's: for a ManifestWorkReplicaSet its own, and not those of the clusters.",
      "OCM's own webhook asks the same of ManifestWorks, but of an empty one only behind the feature gate `NilExecutorValidating`, of ManifestWorkReplicaSets never, and of an update only where the executor changes.",
    ],
    notCovered: [
      {
        resources: /^addontemplates\./,
        paths: /^spec\.agentSpec\.executor\b/,
        what: "`spec.agentSpec.executor` of an AddOnTemplate",
        because: "the addon manager takes only the manifests and their settings from `agentSpec`",
      },
      {
        resources: /^(addontemplates|managedclusteraddons)\./,
        paths: /\bregistrations?\[\*\]\.([A-Za-z]+\.)?subject$/,
        what: "`subject` of an addon's registration",
        because: "it is the subject of a certificate request, which the signer judges",
      },
    ],
    opaque: [{ paths: /\bworkload\.manifests\[\*\]$/, because: "objects for the managed cluster" }],
  },
  razee: {
    ...nothing,
    sources: [
      {
        package: {
          name: "@razee/mustachetemplate",
          version: "4.0.3",
          integrity: "sha512-dteUFs4/V7k5iOVwuylrZrp/yXTaWgzk5mUWw4qGqxUArHu6KbDGxyYEHTkjUCJ68I2hZAaRRHx/JSPl+aFm4A==",
        },
        crds: "kubernetes/MustacheTemplate/resource.yaml",
      },
    ],
    empty: "The controller itself, which may do anything; the preset writes the requester instead.",
    ran: ["the MustacheTemplate controller"],
    limits: [
      "The released controller creates some children before it knows the identity, with its own rights. Only its own code can mend that.",
      "With `enable-impersonation: false`, Razee's default, the controller replaces every identity by its own.",
      "Templates and data that an object refers to by URL, ConfigMap or Secret are not judged.",
    ],
    opaque: [
      labels,
      { paths: /^spec\.templates\[\*\]$/, because: appliedObjects },
      { paths: /^status$/, because: "the controller's report; `status.children` is guarded" },
    ],
    unread: Object.fromEntries(
      ["remoteresources", "encryptedresources", "remoteresourcess3", "featureflagsetsld"].map((resource) => [
        `${resource}.deploy.razee.io/*`,
        "its package is not published; the field is that of `BaseController`, which all share",
      ]),
    ),
  },
  tekton: {
    ...nothing,
    sources: [
      { module: "github.com/tektoncd/pipeline", crds: "config/300-crds" },
      { module: "github.com/tektoncd/triggers", crds: "config", types: "pkg/apis/triggers" },
    ],
    empty:
      "The account of the ConfigMaps config-defaults and config-defaults-triggers, which Tekton's webhooks write into the field; in a trigger the EventListener's account. The account `default` therefore needs no permission.",
    limits: [
      "Objects of a TriggerTemplate are created by the account of the trigger or of the EventListener: that account is asked about like every requester.",
      "The controller of Triggers creates the `customResource` of an EventListener in any namespace that it names.",
      "A custom task may give a meaning of its own to the specification of a CustomRun.",
    ],
    notCovered: inPods,
    opaque: [
      { paths: /^status\b/, because: "the controller's report" },
      { paths: /\b(value|default)$/, because: "a value of a parameter or a result" },
      { paths: /\b(pipelineSpec|taskSpec|spec\.volumes)$/, because: "of steps and volumes; accounts stand in the run" },
      {
        paths: /\b(pod|taskPod)Template\.(affinity|securityContext|volumes)$/i,
        because: "of Pods, and names no account",
      },
      { paths: /\bvolumeClaimTemplate$/, because: "a claim for a volume" },
      { resources: /^customruns\./, paths: /^spec\.customSpec\.spec$/, because: "for a custom task" },
      { paths: /\bresourcetemplates\[\*\]$/, because: appliedObjects },
      { paths: /\bwebhook\.(objectRef|header\[\*\])$/, because: "of a request to an interceptor" },
    ],
  },
};

import { describe, expect, test } from "vitest";
import {
  type Decision,
  formatQuestion,
  PolicyError,
  type Reason,
  readPolicy,
  withoutPresets,
} from "../../../../lib/index.ts";
import { type PresetOption, presets } from "../../../../lib/presets/index.ts";
import { decide, expectSound, type Given, type Json, type Said } from "../decision/given.ts";

type PresetName = keyof typeof presets;

/** An object, the questions that its writer must answer for, with the answers, and the outcome. */
interface Row extends Omit<Given, "policy" | "asked"> {
  readonly when: string;
  readonly options?: Json;
  /** Nothing asked where it is absent. */
  readonly asked?: Readonly<Record<string, Said>>;
  readonly comes: readonly [Decision, Reason];
}

const may = ["permitted", "may-impersonate"] as const;
const mayNot = ["denied", "forbidden"] as const;
const refusedEmpty = ["denied", "empty"] as const;
const emptyIsFine = ["permitted", "empty-allowed"] as const;
const copied = ["permitted", "trusted-writer"] as const;
const unprivileged = ["permitted", "unprivileged"] as const;
const noName = ["denied", "unsafe-name"] as const;

const accountOf = (namespace: string, name: string): string => `system:serviceaccount:${namespace}:${name}`;
const account = (name: string, namespace = "team-a"): string => `impersonate serviceaccounts/${name} -n ${namespace}`;
const yes = (...questions: readonly string[]) =>
  Object.fromEntries(questions.map((question) => [question, "yes"] as const));
const no = (...questions: readonly string[]) =>
  Object.fromEntries(questions.map((question) => [question, "no"] as const));
const spec = (members: Json) => ({ spec: members });

/** Rows that share members. */
const rowsOf = (shared: Partial<Row>, rows: readonly Row[]): readonly Row[] =>
  rows.map((row) => ({ ...shared, ...row }));

const appProject = (entry: Json) => spec({ destinationServiceAccounts: [{ server: "*", ...entry }] });
const argoCd: readonly Row[] = rowsOf({ resource: "appprojects.v1alpha1.argoproj.io" }, [
  {
    when: "a bare name is an account of the destination's namespace, not of the project's",
    object: appProject({ namespace: "team-b", defaultServiceAccount: "deployer" }),
    asked: yes(account("deployer", "team-b")),
    comes: may,
  },
  {
    when: "a name may say its namespace",
    object: appProject({ namespace: "team-b", defaultServiceAccount: "infra:deployer" }),
    asked: no(account("deployer", "infra")),
    comes: mayNot,
  },
  {
    when: "a bare name beside a pattern stands for many accounts",
    object: appProject({ namespace: "team-*", defaultServiceAccount: "deployer" }),
    comes: noName,
  },
  { when: "as one beside no namespace does", object: appProject({ defaultServiceAccount: "deployer" }), comes: noName },
  {
    when: "a pattern of names is none",
    object: appProject({ namespace: "team-b", defaultServiceAccount: "*" }),
    comes: noName,
  },
  {
    when: "each destination is judged",
    object: spec({
      destinationServiceAccounts: [
        { server: "*", namespace: "team-a", defaultServiceAccount: "deployer" },
        { server: "*", namespace: "kube-system", defaultServiceAccount: "admin" },
      ],
    }),
    asked: { [account("deployer")]: "yes", [account("admin", "kube-system")]: "no" },
    comes: mayNot,
  },
  { when: "an empty name fails the sync", object: appProject({ defaultServiceAccount: "" }), comes: refusedEmpty },
  { when: "a project without accounts is not judged", object: spec({}), comes: ["skipped", "no-field"] },
  {
    when: "argocd-server stores a token in spec and status, and answers for the accounts of the project",
    by: accountOf("argocd", "argocd-server"),
    operation: "UPDATE",
    old: appProject({ namespace: "team-b", defaultServiceAccount: "deployer" }),
    object: {
      spec: {
        ...appProject({ namespace: "team-b", defaultServiceAccount: "deployer" }).spec,
        roles: [{ name: "ci", jwtTokens: [{ iat: 1 }] }],
      },
      status: { jwtTokensByRole: { ci: { items: [{ iat: 1 }] } } },
    },
    asked: no(account("deployer", "team-b")),
    comes: ["denied", "inherited"],
  },
  {
    when: "an account elsewhere needs a permission of its own",
    options: { destinations: "remote" },
    object: appProject({ namespace: "team-b", defaultServiceAccount: "deployer" }),
    asked: yes(`execute-as appprojects.argoproj.io/${accountOf("team-b", "deployer")} -n team-a`),
    comes: may,
  },
]);

const kappController = accountOf("kapp-controller", "kapp-controller-sa");
const kubeconfig = { cluster: { kubeconfigSecretRef: { name: "x" } } };
const kapp: readonly Row[] = rowsOf({ resource: "apps.v1alpha1.kappctrl.k14s.io" }, [
  {
    when: "an App names an account",
    object: spec({ serviceAccountName: "deployer" }),
    asked: yes(account("deployer")),
    comes: may,
  },
  { when: "an App names none", object: spec({}), comes: refusedEmpty },
  { when: "an App for another cluster names none", object: spec(kubeconfig), comes: emptyIsFine },
  { when: "an App with an empty cluster names none", object: spec({ cluster: {} }), comes: refusedEmpty },
  {
    when: "an account counts beside a kubeconfig",
    object: spec({ ...kubeconfig, serviceAccountName: "powerful" }),
    asked: no(account("powerful")),
    comes: mayNot,
  },
  {
    when: "the controller copies a PackageInstall's account",
    by: kappController,
    object: spec({ serviceAccountName: "deployer" }),
    comes: copied,
  },
  {
    when: "a controller elsewhere copies nothing",
    by: kappController,
    options: { namespace: "packages" },
    object: spec({ serviceAccountName: "deployer" }),
    asked: no(account("deployer")),
    comes: mayNot,
  },
  ...rowsOf({ resource: "packageinstalls.v1alpha1.packaging.carvel.dev" }, [
    {
      when: "a PackageInstall names an account",
      by: kappController,
      object: spec({ serviceAccountName: "deployer" }),
      asked: no(account("deployer")),
      comes: mayNot,
    },
    { when: "a PackageInstall for another cluster names none", object: spec(kubeconfig), comes: emptyIsFine },
  ]),
]);

const executeAs = (resource: string, name: string, namespace = "team-a"): string =>
  `execute-as ${resource}.fleet.cattle.io/${name} -n ${namespace}`;
const agent = accountOf("cattle-fleet-system", "fleet-agent");
const fleetRows: readonly Row[] = [
  ...["gitrepos", "helmops", "helmapps", "bundles"].flatMap((resource): readonly Row[] => [
    {
      when: `${resource}: the account lives on other clusters, so its namespace's owner is not asked to impersonate it`,
      resource,
      object: spec({ serviceAccount: "deployer" }),
      asked: yes(executeAs(resource, accountOf("team-a", "deployer"))),
      comes: may,
    },
    {
      when: `${resource}: without an account the agent acts as itself`,
      resource,
      object: spec({}),
      asked: no(executeAs(resource, agent)),
      comes: refusedEmpty,
    },
  ]),
  {
    when: "the account of that name on this cluster is not its own",
    resource: "bundles",
    by: accountOf("team-a", "deployer"),
    object: spec({ serviceAccount: "deployer" }),
    asked: no(executeAs("bundles", accountOf("team-a", "deployer"))),
    comes: mayNot,
  },
  {
    when: "a target without an account takes the Bundle's",
    resource: "bundles",
    object: spec({ serviceAccount: "deployer", targets: [{ clusterName: "c" }] }),
    asked: yes(executeAs("bundles", accountOf("team-a", "deployer"))),
    comes: may,
  },
  {
    when: "a target's account is judged",
    resource: "bundles",
    object: spec({ serviceAccount: "deployer", targets: [{ serviceAccount: "powerful" }] }),
    asked: {
      [executeAs("bundles", accountOf("team-a", "deployer"))]: "yes",
      [executeAs("bundles", accountOf("team-a", "powerful"))]: "no",
    },
    comes: mayNot,
  },
  {
    when: "the Job of a GitRepo is asked like every requester",
    resource: "bundles",
    by: accountOf("team-a", "git-site"),
    object: spec({ serviceAccount: "deployer" }),
    asked: no(executeAs("bundles", accountOf("team-a", "deployer"))),
    comes: mayNot,
  },
  {
    when: "the controller of HelmOps copies their account",
    resource: "bundles",
    by: accountOf("cattle-fleet-system", "helmops"),
    object: spec({}),
    comes: copied,
  },
  {
    when: "the controller copies a Bundle's account into BundleDeployments",
    resource: "bundledeployments",
    namespace: "cluster-fleet-default-c",
    by: accountOf("cattle-fleet-system", "fleet-controller"),
    object: spec({ options: { serviceAccount: "deployer" }, stagedOptions: { serviceAccount: "deployer" } }),
    comes: copied,
  },
  {
    when: "other writers of a BundleDeployment answer for both accounts",
    resource: "bundledeployments",
    object: spec({ options: { serviceAccount: "deployer" } }),
    asked: {
      [executeAs("bundledeployments", accountOf("team-a", "deployer"))]: "yes",
      [executeAs("bundledeployments", agent)]: "no",
    },
    comes: refusedEmpty,
  },
];
const fleet = fleetRows.map((row) => ({ ...row, resource: `${row.resource}.v1alpha1.fleet.cattle.io` }));

const fluxController = accountOf("flux-system", "kustomize-controller");
const impersonateFlux = account("kustomize-controller", "flux-system");
const flux: readonly Row[] = rowsOf({ resource: "kustomizations.v1.kustomize.toolkit.fluxcd.io" }, [
  {
    when: "a Kustomization names an account, and none for the decryption",
    object: spec({ serviceAccountName: "deployer" }),
    asked: yes(account("deployer")),
    comes: may,
  },
  { when: "a tenant names none", object: spec({}), asked: no(impersonateFlux), comes: refusedEmpty },
  { when: "Flux's own bootstrap names none", by: fluxController, object: spec({}), comes: ["self", "requester"] },
  {
    when: "a kubeconfig in a Secret can name the file of the controller's token",
    object: spec({ serviceAccountName: "deployer", kubeConfig: { secretRef: { name: "remote" } } }),
    asked: { [account("deployer")]: "yes", [impersonateFlux]: "no" },
    comes: mayNot,
  },
  {
    when: "where it can not, an empty field means the kubeconfig's account",
    options: { kubeConfigSecrets: "inline" },
    object: spec({ kubeConfig: { secretRef: { name: "remote" } } }),
    comes: emptyIsFine,
  },
  {
    when: "a kubeconfig by ConfigMap can name any account",
    object: spec({ serviceAccountName: "deployer", kubeConfig: { configMapRef: { name: "remote" } } }),
    asked: { [account("deployer")]: "yes", [impersonateFlux]: "no" },
    comes: mayNot,
  },
  {
    when: "a kubeconfig by ConfigMap can name any account, where a Secret can not",
    options: { kubeConfigSecrets: "inline" },
    object: spec({ serviceAccountName: "deployer", kubeConfig: { configMapRef: { name: "remote" } } }),
    asked: { [account("deployer")]: "yes", [impersonateFlux]: "no" },
    comes: mayNot,
  },
  {
    when: "in lockdown an empty field is set to the default account",
    options: { defaultServiceAccount: "default" },
    object: spec({}),
    asked: yes(account("default")),
    comes: ["defaulted", "empty"],
  },
  {
    when: "a source names an account",
    resource: "buckets.v1.source.toolkit.fluxcd.io",
    object: spec({ serviceAccountName: "powerful" }),
    asked: no(account("powerful")),
    comes: mayNot,
  },
]);

const worksAs = (name: string, namespace = "cluster1"): string =>
  `execute-as manifestworks.work.open-cluster-management.io/${name} -n ${namespace}`;
const executor = (namespace: string, name: string) => ({
  executor: { subject: { type: "ServiceAccount", serviceAccount: { namespace, name } } },
});
const ocm: readonly Row[] = rowsOf(
  { resource: "manifestworks.v1.work.open-cluster-management.io", namespace: "cluster1" },
  [
    {
      when: "an executor is asked about as OCM's own webhook does",
      object: spec(executor("apps", "deployer")),
      asked: yes(worksAs(accountOf("apps", "deployer"))),
      comes: may,
    },
    {
      when: "without an executor the agent acts as itself",
      object: spec({}),
      asked: no(worksAs("system:serviceaccount::klusterlet-work-sa")),
      comes: refusedEmpty,
    },
    {
      when: "an executor of another type names nothing, and the agent acts as itself",
      object: spec({ executor: { subject: { type: "ServiceAccount" } } }),
      asked: yes(worksAs("system:serviceaccount::klusterlet-work-sa")),
      comes: may,
    },
    { when: "an executor has a namespace", object: spec(executor("", "deployer")), comes: noName },
    {
      when: "a ManifestWorkReplicaSet names an executor",
      resource: "manifestworkreplicasets.v1alpha1.work.open-cluster-management.io",
      namespace: "team-a",
      object: spec({ manifestWorkTemplate: executor("apps", "deployer") }),
      asked: no(worksAs(accountOf("apps", "deployer"), "team-a")),
      comes: mayNot,
    },
  ],
);

const store = (provider: Json) => spec({ provider });
const vault = (auth: Json) => store({ vault: { server: "https://vault", auth } });
const controllerAccount = account("external-secrets", "external-secrets");
const externalSecrets: readonly Row[] = rowsOf({ resource: "secretstores.v1.external-secrets.io" }, [
  {
    when: "a SecretStore names an account of its namespace",
    object: vault({ kubernetes: { mountPath: "k", serviceAccountRef: { name: "deployer" } } }),
    asked: yes(account("deployer")),
    comes: may,
  },
  {
    when: "a SecretStore cannot name one of another namespace: the controller does not read it",
    object: store({ aws: { auth: { jwt: { serviceAccountRef: { name: "deployer", namespace: "team-b" } } } } }),
    asked: no(account("deployer")),
    comes: mayNot,
  },
  {
    when: "a token for another cluster is one of this cluster's account",
    object: store({ kubernetes: { auth: { serviceAccount: { name: "powerful" } } } }),
    asked: no(account("powerful")),
    comes: mayNot,
  },
  { when: "a store with another login names no account", object: store({ fake: { data: [] } }), comes: emptyIsFine },
  {
    when: "Vault with a token names none",
    object: vault({ tokenSecretRef: { name: "t", key: "k" } }),
    comes: emptyIsFine,
  },
  {
    when: "Vault's Kubernetes login without an account sends the controller's token",
    object: vault({ kubernetes: { mountPath: "k", role: "r" } }),
    asked: no(controllerAccount),
    comes: refusedEmpty,
  },
  {
    when: "but not with a Secret",
    object: vault({ kubernetes: { mountPath: "k", secretRef: { name: "t" } } }),
    comes: emptyIsFine,
  },
  {
    when: "an empty reference to a Secret is none",
    object: vault({ kubernetes: { mountPath: "k", secretRef: { name: "" } } }),
    asked: no(controllerAccount),
    comes: refusedEmpty,
  },
  {
    when: "Infisical's Kubernetes login sends the controller's token",
    object: store({ infisical: { auth: { kubernetesAuthCredentials: { identityId: { name: "i", key: "k" } } } } }),
    options: { controller: accountOf("eso", "eso") },
    asked: no(account("eso", "eso")),
    comes: mayNot,
  },
  ...rowsOf({ resource: "clustersecretstores.v1.external-secrets.io", namespace: "" }, [
    {
      when: "a ClusterSecretStore names an account with its namespace",
      object: store({ azurekv: { serviceAccountRef: { name: "deployer", namespace: "team-b" } } }),
      asked: yes(account("deployer", "team-b")),
      comes: may,
    },
    {
      when: "without a namespace it means the account of every namespace that uses it",
      object: store({ azurekv: { serviceAccountRef: { name: "deployer" } } }),
      comes: noName,
    },
  ]),
  {
    when: "a generator names an account of its namespace",
    resource: "ecrauthorizationtokens.v1alpha1.generators.external-secrets.io",
    object: spec({ auth: { jwt: { serviceAccountRef: { name: "deployer", namespace: "team-b" } } } }),
    asked: yes(account("deployer")),
    comes: may,
  },
  {
    when: "a generator of Vault's secrets sends the controller's token, too",
    resource: "vaultdynamicsecrets.v1alpha1.generators.external-secrets.io",
    object: spec({ provider: { auth: { kubernetes: { mountPath: "k", role: "r" } } } }),
    asked: no(controllerAccount),
    comes: refusedEmpty,
  },
  ...rowsOf({ resource: "clustergenerators.v1alpha1.generators.external-secrets.io", namespace: "" }, [
    {
      when: "a ClusterGenerator names an account of every namespace that uses it",
      object: spec({
        kind: "QuayAccessToken",
        generator: { quayAccessTokenSpec: { serviceAccountRef: { name: "a", namespace: "b" } } },
      }),
      asked: no("impersonate serviceaccounts"),
      comes: mayNot,
    },
    {
      when: "as it does with Vault's Kubernetes login",
      object: spec({ generator: { vaultDynamicSecretSpec: { provider: { auth: { kubernetes: { role: "r" } } } } } }),
      asked: yes("impersonate serviceaccounts"),
      comes: may,
    },
    {
      when: "a ClusterGenerator of passwords names none",
      object: spec({ generator: { passwordSpec: {} } }),
      comes: ["skipped", "no-field"],
    },
  ]),
]);

const pipelinesController = accountOf("tekton-pipelines", "tekton-pipelines-controller");
const tekton: readonly Row[] = rowsOf({ resource: "pipelineruns.v1.tekton.dev" }, [
  {
    when: "Tekton's webhook wrote the default account into an empty PipelineRun",
    object: spec({ taskRunTemplate: { serviceAccountName: "default" } }),
    comes: unprivileged,
  },
  { when: "a PipelineRun names no account", object: spec({}), comes: emptyIsFine },
  {
    when: "where the option names another account, `default` needs a permission",
    options: { defaultServiceAccount: "builder" },
    object: spec({ taskRunTemplate: { serviceAccountName: "default" } }),
    asked: no(account("default")),
    comes: mayNot,
  },
  {
    when: "a task of a PipelineRun has an account of its own",
    object: spec({
      taskRunTemplate: { serviceAccountName: "default" },
      taskRunSpecs: [{ pipelineTaskName: "a", serviceAccountName: "powerful" }],
    }),
    asked: no(account("powerful")),
    comes: mayNot,
  },
  {
    when: "the older version has other fields",
    resource: "pipelineruns.v1beta1.tekton.dev",
    object: spec({ serviceAccountName: "deployer", taskRunSpecs: [{ taskServiceAccountName: "powerful" }] }),
    asked: { [account("deployer")]: "yes", [account("powerful")]: "no" },
    comes: mayNot,
  },
  ...["taskruns.v1.tekton.dev", "taskruns.v1beta1.tekton.dev", "customruns.v1beta1.tekton.dev"].flatMap(
    (resource): readonly Row[] => [
      {
        when: `${resource}: the controller copies an account`,
        resource,
        by: pipelinesController,
        object: spec({ serviceAccountName: "deployer" }),
        comes: copied,
      },
      {
        when: `${resource}: a user names an account`,
        resource,
        object: spec({ serviceAccountName: "powerful" }),
        asked: no(account("powerful")),
        comes: mayNot,
      },
    ],
  ),
  ...["eventlisteners.v1beta1.triggers.tekton.dev", "eventlisteners.v1alpha1.triggers.tekton.dev"].flatMap(
    (resource): readonly Row[] => [
      {
        when: `${resource}: the listener, its triggers and its Pods have accounts`,
        resource,
        object: spec({
          serviceAccountName: "listener",
          triggers: [{ serviceAccountName: "deployer" }, {}],
          resources: { kubernetesResource: { spec: { template: { spec: { serviceAccountName: "pod" } } } } },
        }),
        asked: yes(account("listener"), account("deployer"), account("pod")),
        comes: may,
      },
      {
        when: `${resource}: a custom resource may be in another namespace`,
        resource,
        object: spec({
          serviceAccountName: "default",
          resources: {
            customResource: {
              metadata: { namespace: "team-b" },
              spec: { template: { spec: { serviceAccountName: "default" } } },
            },
          },
        }),
        asked: no(account("default", "team-b")),
        comes: mayNot,
      },
      {
        when: `${resource}: the controller reads it in any letter case`,
        resource,
        object: spec({
          resources: { customResource: { spec: { template: { spec: { ServiceAccountName: "powerful" } } } } },
        }),
        comes: ["denied", "letter-case"],
      },
    ],
  ),
  {
    when: "a trigger names an account, which its listener impersonates",
    resource: "triggers.v1beta1.triggers.tekton.dev",
    object: spec({ serviceAccountName: "deployer" }),
    asked: yes(account("deployer")),
    comes: may,
  },
]);

const eventingController = accountOf("knative-eventing", "eventing-controller");
const podOf = (members: Json) => ({ template: { spec: members } });
const subscriber = { subscribers: [{ auth: { serviceAccountName: "oidc" } }] };
const knative: readonly Row[] = rowsOf({ resource: "apiserversources.v1.sources.knative.dev" }, [
  {
    when: "Knative's webhook wrote the default account into an empty ApiServerSource",
    object: spec({ serviceAccountName: "default" }),
    comes: unprivileged,
  },
  {
    when: "an ApiServerSource names an account",
    object: spec({ serviceAccountName: "powerful" }),
    asked: no(account("powerful")),
    comes: mayNot,
  },
  {
    when: "a ContainerSource has a Pod template, in which the older name counts too",
    resource: "containersources.v1.sources.knative.dev",
    object: spec(podOf({ serviceAccount: "powerful" })),
    asked: no(account("powerful")),
    comes: mayNot,
  },
  {
    when: "the controller makes a ContainerSource of an IntegrationSource",
    resource: "containersources.v1.sources.knative.dev",
    by: eventingController,
    object: spec(podOf({ serviceAccountName: "deployer" })),
    comes: copied,
  },
  ...["integrationsources.v1alpha1.sources.knative.dev", "integrationsinks.v1alpha1.sinks.knative.dev"].map(
    (resource): Row => ({
      when: `${resource}: an account of AWS is one of the namespace`,
      resource,
      by: eventingController,
      object: spec({ aws: { auth: { serviceAccountName: "powerful" } } }),
      asked: no(account("powerful")),
      comes: mayNot,
    }),
  ),
  {
    when: "a JobSink holds a whole Job",
    resource: "jobsinks.v1alpha1.sinks.knative.dev",
    object: spec({ job: spec(podOf({ serviceAccountName: "powerful" })) }),
    asked: no(account("powerful")),
    comes: mayNot,
  },
  ...["channels", "inmemorychannels"].flatMap((resource): readonly Row[] => [
    {
      when: `${resource}: the controller copies the account of a Subscription`,
      resource: `${resource}.v1.messaging.knative.dev`,
      by: eventingController,
      object: spec(subscriber),
      comes: copied,
    },
    {
      when: `${resource}: a user names the account of a subscriber`,
      resource: `${resource}.v1.messaging.knative.dev`,
      object: spec(subscriber),
      asked: no(account("oidc")),
      comes: mayNot,
    },
  ]),
  ...["channels.v1.messaging.knative.dev", "sequences.v1.flows.knative.dev", "parallels.v1.flows.knative.dev"].map(
    (resource): Row => ({
      when: `${resource}: the template of a channel may have subscribers`,
      resource,
      object: spec({ channelTemplate: spec(subscriber) }),
      asked: no(account("oidc")),
      comes: mayNot,
    }),
  ),
  {
    when: "the controller reports the account of a Subscription",
    resource: "subscriptions.v1.messaging.knative.dev",
    subResource: "status",
    endpoint: "validate",
    operation: "UPDATE",
    by: eventingController,
    old: {},
    object: { status: { auth: { serviceAccountName: "oidc" } } },
    comes: ["skipped", "status-writer"],
  },
  {
    when: "a user reports another",
    resource: "subscriptions.v1.messaging.knative.dev",
    subResource: "status",
    endpoint: "validate",
    operation: "UPDATE",
    old: { status: { auth: { serviceAccountName: "oidc" } } },
    object: { status: { auth: { serviceAccountName: "powerful" } } },
    asked: no(account("powerful")),
    comes: mayNot,
  },
]);

const tables: Readonly<Partial<Record<PresetName, readonly Row[]>>> = {
  "argo-cd": argoCd,
  "external-secrets": externalSecrets,
  fleet,
  flux,
  kapp,
  knative,
  ocm,
  tekton,
};

describe.each(Object.entries(tables))("the preset %s", (preset, rows) => {
  test.each(rows.map((row) => [row.when, row] as const))("%s", (_, { options, comes, asked = {}, ...row }) => {
    const result = decide({ ...row, asked, policy: { targets: [{ preset, ...options }] } });
    expectSound(result);
    const { decision, reason } = result.response.auditAnnotations;
    expect([...result.questions.map(formatQuestion), decision, reason]).toEqual([...Object.keys(asked), ...comes]);
  });
});

const names = Object.keys(presets) as readonly PresetName[];

describe.each(names)("the preset %s as text", (preset) => {
  const options: readonly (readonly [string, PresetOption])[] = Object.entries(presets[preset].options);
  const other = ({ is }: PresetOption): string =>
    typeof is === "string"
      ? { username: "system:serviceaccount:other:other", namespace: "other", "service account": "other" }[is]
      : (is.at(-1) as string);

  test.each([
    ["without options", {}],
    ["with every option", Object.fromEntries(options.map(([name, option]) => [name, other(option)]))],
  ])("%s means the same", (_, given) => {
    const policy = { name: "p", enforcement: "audit", targets: [{ preset, ...given }] };
    const text = withoutPresets(policy);
    expect(JSON.stringify(text)).not.toContain('"preset"');
    expect(readPolicy(JSON.parse(JSON.stringify(text)))).toEqual(readPolicy(policy));
  });

  const wrong = ({ is }: PresetOption): readonly [unknown, string][] => {
    if (typeof is !== "string")
      return [["maybe", `must be ${is.map((word) => JSON.stringify(word)).join(" or ")}, not "maybe"`]];
    const what = {
      username: "printable ASCII with no space at either end",
      namespace: "a namespace",
      "service account": "the name of a service account",
    }[is];
    return [
      [" x", `must be ${what}, not " x"`],
      [5, `must be ${what}, not 5`],
    ];
  };

  test.each(options.flatMap(([name, option]) => wrong(option).map(([value, says]) => [name, value, says] as const)))(
    "refuses %s: %j",
    (name, value, says) => {
      const policy = { name: "p", targets: [{ preset, [name]: value }] };
      expect(() => readPolicy(policy)).toThrow(new PolicyError(`policy p: targets[0].${name} ${says}`));
    },
  );

  test("refuses an option that it does not have, and names its own", () => {
    const members = [...options.map(([name]) => name), "preset"].join(", ");
    expect(() => readPolicy({ name: "p", targets: [{ preset, fields: [] }] })).toThrow(
      new PolicyError(
        `policy p: targets[0].fields is not a member of the preset ${preset}; its members are ${members}`,
      ),
    );
  });
});

test("a message names a preset's target as the user wrote it", () => {
  const target = { group: "kappctrl.k14s.io", versions: ["v1alpha1"], resources: ["apps"], fields: ["spec.a"] };
  expect(() => readPolicy({ name: "p", targets: [{ preset: "flux" }, target, { preset: "kapp" }] })).toThrow(
    new PolicyError(
      'policy p: targets[2] (kapp: apps).resources[0] "apps.kappctrl.k14s.io" is covered by targets[1].resources[0] too; keep one',
    ),
  );
});

test("all presets stand beside each other", () => {
  const { targets } = readPolicy({ name: "all", targets: names.map((preset) => ({ preset })) });
  expect(targets.length).toBeGreaterThan(names.length);
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { presets } from "../../lib/presets/index.ts";
import { type Ran, runCommand } from "../support/command.ts";
import { applied } from "./world/applied.ts";
import { type DefinedKind, defineKinds, list, object, text } from "./world/define-kinds.ts";
import { type Front, startFront } from "./world/front.ts";
import { type ApiObject, create, created, razee, template } from "./world/objects.ts";
import { type OwnCluster, startOwnCluster } from "./world/own-cluster.ts";
import { until } from "./world/until.ts";
import { razeeController, webhookUser } from "./world/users.ts";

interface Finding {
  readonly namespace: string;
  readonly name: string;
  readonly finding: string;
  // biome-ignore lint/suspicious/noExplicitAny: looked at member by member
  readonly [member: string]: any;
}

const at = "spec.clusterAuth.impersonateUser";
const notInstalled = "note: not installed: remoteresources and encryptedresources of deploy.razee.io\n";

let plane: OwnCluster;
let admin: string;

/** Runs without the configuration of the user who runs the suite. */
const run = (...args: readonly string[]): Promise<Ran> =>
  runCommand("report", args, { environment: { HOME: "/nowhere" } });

const findingsOf = ({ stdout }: Ran): readonly Finding[] => JSON.parse(stdout);

/** The findings in one namespace, by the names of their objects. */
const report = async (namespace: string, ...args: readonly string[]) => {
  const ran = await run("--kubeconfig", admin, "--namespace", namespace, "-o", "json", ...args);
  const findings = findingsOf(ran);
  return { ...ran, findings, named: Object.fromEntries(findings.map((finding) => [finding.name, finding])) };
};

const makeNamespace = (name: string) => applied(plane, [{ apiVersion: "v1", kind: "Namespace", metadata: { name } }]);

const store = async (who: string, ...objects: readonly ApiObject[]): Promise<void> => {
  for (const object of objects) await created(plane, plane.user(who), object);
};

/** An object of a kind whose schema allows any shape. */
const odd = (namespace: string, name: string, spec: unknown): ApiObject =>
  razee("FeatureFlagSetLD", namespace, name, spec);

beforeAll(async () => {
  plane = await startOwnCluster(["mustachetemplates", "featureflagsetsld", "remoteresourcess3"]);
  admin = plane.kubeconfigOf("admin");
});
afterAll(() => plane?.stop());

describe("a cluster without any of these objects", () => {
  test("has no findings, and the report names the resources that are not installed", async () => {
    const { status, stdout, stderr } = await run("--kubeconfig", admin);
    expect([status, stdout]).toEqual([0, "0 objects read, 0 findings\n"]);
    expect(stderr).toBe(notInstalled);
  });

  test("is an empty array", async () => {
    const { status, stdout } = await run("--kubeconfig", admin, "-o", "json");
    expect([status, stdout]).toEqual([0, "[]\n"]);
  });
});

describe("every kind of finding", () => {
  const namespace = "kinds";

  beforeAll(async () => {
    await makeNamespace(namespace);
    await store(
      "bob",
      template(namespace, "ordinary", "carl"),
      template(namespace, "absent"),
      template(namespace, "empty-text", ""),
      odd(namespace, "null", { clusterAuth: { impersonateUser: null } }),
      odd(namespace, "no-spec", undefined),
      template(namespace, "privileged", "razeedeploy"),
      template(namespace, "privileged-too", "false"),
      template(namespace, "controllers-account", razeeController),
      template(namespace, "not-ascii", "zo\u00eb"),
      template(namespace, "edge-space", "bob "),
      template(namespace, "bidi", "bob\u202e"),
      odd(namespace, "number", { clusterAuth: { impersonateUser: 5 } }),
      odd(namespace, "object", { clusterAuth: { impersonateUser: { name: "bob" } } }),
      odd(namespace, "parent-text", { clusterAuth: "bob" }),
      odd(namespace, "parent-list", ["bob"]),
    );
  });

  test("is told apart from ordinary objects", async () => {
    const { status, findings } = await report(namespace);
    expect(status).toBe(1);
    expect(Object.fromEntries(findings.map(({ name, finding }) => [name, finding]))).toEqual({
      absent: "empty",
      "empty-text": "empty",
      null: "empty",
      "no-spec": "empty",
      privileged: "privileged",
      "privileged-too": "privileged",
      "controllers-account": "privileged",
      "not-ascii": "unsafe-name",
      "edge-space": "unsafe-name",
      bidi: "unsafe-name",
      number: "not-a-string",
      object: "not-a-string",
      "parent-text": "parent-not-an-object",
      "parent-list": "parent-not-an-object",
    });
  });

  test("says what was found, what enforcement changes, and how to fix it", async () => {
    const { named } = await report(namespace);
    expect(named["absent"]).toMatchObject({
      resource: "mustachetemplates.deploy.razee.io",
      version: "v1alpha2",
      namespace,
      field: at,
      declared: "",
      standsFor: "",
      whenEnforced:
        "the next edit sets it to the editor; until then its controller acts as itself, and is refused children without an identity",
      fix: `set ${at} to the identity that this object is to act as; until then the controller decides whose rights it uses, often its own`,
      wouldBeGiven: [],
    });
    expect(named["privileged"]).toMatchObject({
      declared: "razeedeploy",
      standsFor: razeeController,
      whenEnforced: "an edit by a user who may not impersonate it sets it to that user",
      fix:
        `set ${at} to an ordinary identity, or see that only those edit the object who may impersonate users/razeedeploy and ` +
        `impersonate serviceaccounts/razeedeploy-sa -n razeedeploy; "razeedeploy" stands for ${razeeController}`,
    });
    expect(named["controllers-account"]).toMatchObject({
      declared: razeeController,
      standsFor: razeeController,
      fix: expect.stringContaining(`"${razeeController}" is the controller's own account`),
    });
    expect(named["number"]).toMatchObject({ declared: "", whenEnforced: "every edit is refused that leaves it so" });
    expect(named["number"]?.["fix"]).toMatch(/^mend spec\.clusterAuth\.impersonateUser: .*must be a string/);
    expect(named["parent-text"]).toMatchObject({ field: "spec.clusterAuth" });
  });

  test("prints no control sequences of a terminal", async () => {
    const { stdout } = await report(namespace);
    expect(stdout).toContain("bob\\u202e");
    const { stdout: table } = await run("--kubeconfig", admin, "--namespace", namespace);
    expect(stdout + table).not.toContain("\u202e");
  });

  test("as a table", async () => {
    const { status, stdout } = await run("--kubeconfig", admin, "--namespace", namespace);
    expect(status).toBe(1);
    const lines = stdout.split("\n");
    expect(lines[0]).toMatch(/^NAMESPACE +OBJECT +FINDING +NAMES +MANAGERS +COULD FIX IT$/);
    expect(stdout).toMatch(/^kinds +mustachetemplates\/absent +empty +- +\(unknown\) +Group authors, /m);
    expect(stdout).toContain("15 objects read, 14 findings\n");
    expect(stdout).toMatch(/^ {7}4 empty: /m);
    expect(stdout).toContain(
      "1 field names an ordinary identity, and no writer was given to judge it by: an API server does not",
    );
  });

  test("and all other objects, with --all", async () => {
    const { named, findings } = await report(namespace, "--all");
    expect(findings).toHaveLength(15);
    expect(named["ordinary"]).toMatchObject({ finding: "named", declared: "carl", fix: "" });
  });

  test("of a policy with other fields and another rule", async () => {
    await store("bob", odd(namespace, "many", { steps: Array.from({ length: 65 }, (_, n) => ({ sa: `sa-${n}` })) }));
    await store("bob", odd(namespace, "few", { steps: [{ sa: "Not_A_Name" }, { sa: "builder" }, {}] }));
    const target = {
      group: "deploy.razee.io",
      versions: ["v1alpha2"],
      resources: ["featureflagsetsld"],
      fields: [{ path: "spec.steps[*].sa", serviceAccount: "name" }],
    };
    const policy = plane.file("steps.json", { name: "steps", targets: [target] });
    const { findings } = await report(namespace, "--policy", policy, "--all");
    const both = findings.filter(({ name }) => name === "few" || name === "many");
    const found = both.map(({ name, field, finding, declared, whenEnforced }) => [
      name,
      field,
      finding,
      declared,
      whenEnforced,
    ]);
    const refused = "every edit is refused that leaves it so";
    expect(found).toEqual([
      ["few", "spec.steps[0].sa", "unsafe-name", "Not_A_Name", refused],
      [
        "few",
        "spec.steps[1].sa",
        "named",
        `system:serviceaccount:${namespace}:builder`,
        "an edit by a user who may not impersonate it is refused",
      ],
      ["few", "spec.steps[2].sa", "empty", "", "every edit is refused that leaves it empty"],
      ["many", expect.any(String), "too-many-identities", "", refused],
    ]);
  });

  test("a version that the policy does not cover is reported", async () => {
    const target = { group: "deploy.razee.io", versions: ["v7"], resources: ["remoteresourcess3"], fields: [at] };
    const policy = plane.file("v7.json", { name: "v7", targets: [target] });
    const { status, stderr } = await run("--kubeconfig", admin, "--policy", policy);
    expect([status, stderr]).toEqual([
      2,
      "note: remoteresourcess3.deploy.razee.io is served in v1alpha2, v1alpha1, which policy v7 does not cover: nothing guards it; add the version to the policy\n" +
        "the report is not complete; the notes say what is missing\n",
    ]);
  });

  test.each([
    ["a singular", "deploy.razee.io", "mustachetemplate", "mustachetemplates.deploy.razee.io"],
    ["a slip", "deploy.razee.io", "moustachetemplates", "mustachetemplates.deploy.razee.io"],
    ["a slip in the group", "deploy.raze.io", "mustachetemplates", "mustachetemplates.deploy.razee.io"],
    ["a resource of the core group", "", "pod", "pods"],
  ])("%s is reported, and the message suggests the right name", async (_, group, resource, near) => {
    const target = { group, versions: ["*"], resources: [resource], fields: [at] };
    const policy = plane.file("slip.json", { name: "slip", targets: [target] });
    const { status, stderr } = await run("--kubeconfig", admin, "--policy", policy);
    expect(status).toBe(2);
    expect(stderr).toContain(
      `note: ${group ? `${resource}.${group}` : resource} is not served by this cluster; did you mean ${near}? Change it in the policy\n`,
    );
  });

  test("a policy whose resources the cluster does not serve is reported", async () => {
    const target = { group: "example.com", versions: ["*"], resources: ["robots"], fields: ["spec.user"] };
    const policy = plane.file("robots.json", { name: "robots", targets: [target] });
    expect(await run("--kubeconfig", admin, "--policy", policy)).toEqual({
      status: 2,
      stdout: "",
      stderr:
        "nothing can be listed for policy robots: not installed: robots.example.com; see that --policy and --context name what you mean\n",
    });
  });

  test("a namespace that does not exist is reported", async () => {
    expect(await run("--kubeconfig", admin, "--namespace", "nowhere")).toEqual({
      status: 2,
      stdout: "",
      stderr: "there is no namespace nowhere; see what --namespace names\n",
    });
  });
});

describe("a policy of several ecosystems", () => {
  const namespace = "tenant";
  const flux = "system:serviceaccount:flux-system:kustomize-controller";
  const account = (name: string, of = namespace): string => `system:serviceaccount:${of}:${name}`;
  const group = "fields.example.com";
  const target = (resource: string, fields: readonly unknown[], more: object = {}) => ({
    ...{ group, versions: ["v1"], resources: [resource], fields },
    ...more,
  });
  const mayBeEmpty = { onEmpty: "allow", emptyIsUnprivileged: true };
  const policyOf = (...targets: readonly object[]): string => plane.file("several.json", { name: "several", targets });
  const argo = target(
    "workflows",
    [
      { path: "spec.serviceAccountName", serviceAccount: "name" },
      { path: "spec.templates[*].serviceAccountName", serviceAccount: "name" },
      { path: "spec.**.podSpecPatch", names: "anything" },
      { path: "status.storedTemplate.serviceAccountName", serviceAccount: "name" },
    ],
    { ...mayBeEmpty, statusWriters: ["system:serviceaccount:argo:argo"] },
  );
  const all = [
    { preset: "razee" },
    { preset: "flux", kubeConfigSecrets: "inline" },
    argo,
    target("works", [{ path: "spec.executor.name", serviceAccount: { namespaceKey: "namespace", required: true } }], {
      permission: { verb: "execute-as", group, resource: "works" },
    }),
    target("projects", [{ path: "spec.destinations[*].account", serviceAccount: "namespace:name" }], mayBeEmpty),
    target("grants", [{ path: "spec.groups", names: "group" }], mayBeEmpty),
    target("runs", [{ path: "spec.serviceAccountName", serviceAccount: "name" }], {
      ...{ unprivileged: ["default"], onEmpty: { default: "default" } },
    }),
    target("boards", ["spec.user"], { resources: ["boards", "charts", "maps", "plans"], group: "absent.example.com" }),
  ];
  const stored = (kind: string, name: string, spec: object, more: object = {}) => ({
    apiVersion: kind === "Kustomization" ? "kustomize.toolkit.fluxcd.io/v1" : `${group}/v1`,
    kind,
    metadata: { name, namespace },
    spec,
    ...more,
  });
  const edited = "an edit by a user who may not impersonate it is refused";
  const onlyThose = (permission: string): string => `see that only those edit the object who may ${permission}`;

  beforeAll(async () => {
    await makeNamespace(namespace);
    const spec = (properties: object) => ({ spec: object(properties) });
    const step = object({ serviceAccountName: text, podSpecPatch: text });
    const kinds: readonly DefinedKind[] = [
      {
        ...{ group: "kustomize.toolkit.fluxcd.io", plural: "kustomizations", kind: "Kustomization" },
        versions: [
          {
            name: "v1",
            properties: spec({
              serviceAccountName: text,
              kubeConfig: object({ secretRef: object({ name: text }) }),
              decryption: object({ serviceAccountName: text }),
            }),
          },
        ],
      },
      {
        ...{ group, plural: "workflows", kind: "Workflow" },
        versions: [
          {
            name: "v1",
            storesStatus: true,
            properties: {
              ...spec({ serviceAccountName: text, podSpecPatch: text, templates: list(step) }),
              status: object({ storedTemplate: step }),
            },
          },
        ],
      },
      ...[
        ["works", "Work", { executor: object({ name: text, namespace: text }) }] as const,
        ["projects", "Project", { destinations: list(object({ account: text })) }] as const,
        ["grants", "Grant", { groups: list(text) }] as const,
        ["runs", "Run", { serviceAccountName: text }] as const,
      ].map(([plural, kind, members]) => ({
        ...{ group, plural, kind },
        versions: [{ name: "v1", properties: spec(members) }],
      })),
    ];
    await defineKinds(plane, kinds);
    await applied(plane, [
      ...[
        stored("Kustomization", "empty", {}),
        stored("Kustomization", "tenant", { serviceAccountName: "deployer" }),
        stored("Kustomization", "remote", { kubeConfig: { secretRef: { name: "prod" } } }),
        stored("Kustomization", "decrypts", {
          serviceAccountName: "deployer",
          decryption: { serviceAccountName: "Not_A_Name" },
        }),
      ],
      stored("Workflow", "steps", {
        serviceAccountName: "builder",
        templates: [{ serviceAccountName: "deployer" }, { podSpecPatch: "serviceAccountName: root" }],
      }),
      stored(
        "Workflow",
        "copied",
        { serviceAccountName: "builder" },
        { status: { storedTemplate: { serviceAccountName: "builder" } } },
      ),
      stored("Workflow", "smuggled", {}, { status: { storedTemplate: { serviceAccountName: "powerful" } } }),
      stored("Work", "bare", { executor: { name: "agent" } }),
      stored("Work", "full", { executor: { name: "agent", namespace: "work" } }),
      stored("Project", "bare", { destinations: [{ account: "deployer" }] }),
      stored("Project", "both", { destinations: [{ account: "prod:deployer" }, { account: `${namespace}:deployer` }] }),
      stored("Grant", "groups", { groups: ["team-a", "zo\u00eb"] }),
      stored("Run", "default", { serviceAccountName: "default" }),
      stored("Run", "empty", {}),
      template(namespace, "privileged", "razeedeploy"),
    ]);
  });

  test("finds every kind of field, and says what the policy does with it", async () => {
    const { findings, status, stderr } = await report(namespace, "--policy", policyOf(...all));
    expect(status).toBe(1);
    expect(stderr).toBe(
      "note: not installed: helmreleases.helm.toolkit.fluxcd.io, source.toolkit.fluxcd.io, absent.example.com; remoteresources and encryptedresources of deploy.razee.io\n",
    );
    const found = findings.map(({ resource, name, field, finding, declared, standsFor, whenEnforced, fix }) => [
      `${resource.split(".")[0]}/${name}`,
      field,
      finding,
      declared || standsFor,
      whenEnforced,
      fix,
    ]);
    expect(found).toEqual([
      [
        "mustachetemplates/privileged",
        at,
        "privileged",
        "razeedeploy",
        "an edit by a user who may not impersonate it sets it to that user",
        expect.stringMatching(/"razeedeploy" stands for /),
      ],
      [
        "kustomizations/decrypts",
        "spec.decryption.serviceAccountName",
        "unsafe-name",
        "Not_A_Name",
        "every edit is refused that leaves it so",
        expect.stringMatching(/^mend spec\.decryption\.serviceAccountName: .*is not the name of a service account/),
      ],
      [
        "kustomizations/empty",
        "spec.serviceAccountName",
        "empty",
        flux,
        `an edit by an editor who may not impersonate "${flux}" is refused`,
        `set spec.serviceAccountName to the identity that this object is to act as, unless it is meant to act as ${flux}`,
      ],
      [
        "workflows/smuggled",
        "status.storedTemplate.serviceAccountName",
        "in-status",
        account("powerful"),
        edited,
        `see that the object's controller wrote status.storedTemplate.serviceAccountName, because it acts on it; from then on a user must be allowed to impersonate serviceaccounts/powerful -n ${namespace} to write it`,
      ],
      [
        "workflows/steps",
        "spec.**[1].podSpecPatch",
        "any-account",
        "",
        `an edit by a user without the permission to impersonate serviceaccounts -n ${namespace} is refused`,
        `leave spec.**[1].podSpecPatch out, or ${onlyThose(`impersonate serviceaccounts -n ${namespace}`)}; the value is not read, because it can name any service account`,
      ],
      [
        "works/bare",
        "spec.executor.name",
        "unsafe-name",
        "agent",
        "every edit is refused that leaves it so",
        'mend spec.executor.name: spec.executor.name: "agent" has no namespace beside it',
      ],
      [
        "projects/bare",
        "spec.destinations[0].account",
        "unsafe-name",
        "deployer",
        "every edit is refused that leaves it so",
        'mend spec.destinations[0].account: spec.destinations[0].account: "deployer" has no namespace before it; write NAMESPACE:NAME',
      ],
      [
        "projects/both",
        "spec.destinations[0].account",
        "other-namespace",
        account("deployer", "prod"),
        edited,
        `set spec.destinations[0].account to a service account of the object's namespace, or ${onlyThose("impersonate serviceaccounts/deployer -n prod")}`,
      ],
      [
        "grants/groups",
        "spec.groups[1]",
        "unsafe-name",
        "zo\u00eb",
        "every edit is refused that leaves it so",
        expect.stringMatching(/^mend spec\.groups\[1\]: .*is not printable ASCII/),
      ],
      [
        "runs/empty",
        "spec.serviceAccountName",
        "empty",
        "",
        'the next edit sets it to "default", or is refused to an editor who may not impersonate that',
        expect.stringMatching(/^set spec\.serviceAccountName to the identity/),
      ],
    ]);
  });

  test("with --all, ordinary identities of every form are named", async () => {
    const { findings } = await report(namespace, "--policy", policyOf(...all), "--all");
    const named = findings.filter(({ finding }) => finding === "named");
    expect(
      named.map(({ resource, name, field, declared }) => [`${resource.split(".")[0]}/${name}`, field, declared]),
    ).toEqual([
      ["kustomizations/decrypts", "spec.serviceAccountName", account("deployer")],
      ["kustomizations/tenant", "spec.serviceAccountName", account("deployer")],
      ["workflows/copied", "spec.serviceAccountName", account("builder")],
      ["workflows/copied", "status.storedTemplate.serviceAccountName", account("builder")],
      ["workflows/steps", "spec.serviceAccountName", account("builder")],
      ["workflows/steps", "spec.templates[0].serviceAccountName", account("deployer")],
      ["works/full", "spec.executor.name", account("agent", "work")],
      ["projects/both", "spec.destinations[1].account", account("deployer")],
      ["grants/groups", "spec.groups[0]", "team-a"],
    ]);
  });

  test("says which writers would be refused, by RBAC", async () => {
    const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
    const apiGroup = "rbac.authorization.k8s.io";
    const grant = (name: string, rule: object, ...subjects: readonly object[]) => [
      { ...rbac, kind: "Role", metadata: { name, namespace }, rules: [rule] },
      {
        ...rbac,
        kind: "RoleBinding",
        metadata: { name, namespace },
        roleRef: { apiGroup, kind: "Role", name },
        subjects,
      },
    ];
    const user = (name: string) => ({ apiGroup, kind: "User", name });
    const bot = (name: string, of: string) => ({ kind: "ServiceAccount", name, namespace: of });
    const groups = ["kustomize.toolkit.fluxcd.io", group];
    await applied(plane, [
      ...grant(
        "writers",
        { apiGroups: groups, resources: ["kustomizations", "workflows", "runs"], verbs: ["update"] },
        ...[user("carl"), user("editor"), bot("kustomize-controller", "flux-system"), bot("powerful", namespace)],
      ),
      ...grant(
        "impersonators",
        { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"] },
        user("editor"),
      ),
    ]);
    const { findings } = await report(namespace, "--policy", policyOf(...all));
    const one = (resource: string, name: string) =>
      findings.find((each) => each["resource"].startsWith(`${resource}.`) && each.name === name);
    const people = (resource: string, name: string, member: string): readonly string[] =>
      one(resource, name)?.[member].filter((who: string) => !/ (kube-system\/|system:|razeedeploy\/)/.test(who));
    const controller = "ServiceAccount flux-system/kustomize-controller";
    const powerful = `ServiceAccount ${namespace}/powerful`;
    expect(people("kustomizations", "empty", "mayWrite")).toEqual([controller, powerful, "User carl", "User editor"]);
    // The controller names itself by an empty field. The editor may impersonate the accounts of another namespace only.
    expect(people("kustomizations", "empty", "mayNotKeep")).toEqual([powerful, "User carl", "User editor"]);
    expect(people("workflows", "smuggled", "mayNotKeep")).toEqual([controller, "User carl"]);
    expect(people("workflows", "steps", "mayNotKeep")).toEqual([controller, powerful, "User carl"]);
    const { stdout } = await run("--kubeconfig", admin, "--namespace", namespace, "--policy", policyOf(...all));
    expect(stdout).toMatch(/^NAMESPACE +OBJECT +FIELD +FINDING +NAMES +MANAGERS +MAY NOT KEEP IT +COULD FIX IT$/m);
    const row = new RegExp(
      `kustomizations/empty +spec\\.serviceAccountName +empty +\\(${flux}\\) +\\(kubectl-client-side-apply\\) +${powerful}, User carl, User editor`,
    );
    expect(stdout).toMatch(row);
    expect(stdout).toContain(
      [
        "15 objects read, 10 findings",
        "  mustachetemplates.deploy.razee.io: 1 object, 1 finding",
        "  kustomizations.kustomize.toolkit.fluxcd.io: 4 objects, 2 findings",
        "  workflows.fields.example.com: 3 objects, 2 findings",
        "  works.fields.example.com: 2 objects, 1 finding",
        "  projects.fields.example.com: 2 objects, 2 findings",
        "  grants.fields.example.com: 1 object, 1 finding",
        "  runs.fields.example.com: 2 objects, 1 finding",
      ].join("\n"),
    );
  });

  test.for([
    { who: flux, decisions: { "kustomizations/empty": "self" } },
    { who: "carl", decisions: { "kustomizations/empty": "denied", "kustomizations/tenant": "denied" } },
    { who: "alice", decisions: { "kustomizations/empty": "denied" } },
  ])("$who would be given", async ({ who, decisions }) => {
    const { findings } = await report(namespace, "--policy", policyOf({ preset: "flux" }), "--as-writer", who, "--all");
    const given = findings.map(({ resource, name, wouldBeGiven }) => [
      `${resource.split(".")[0]}/${name}`,
      wouldBeGiven[0].decision,
    ]);
    expect(Object.fromEntries(given)).toMatchObject(decisions);
  });

  test("the manager of a field in the status is shown, also that of a status subresource", async () => {
    await defineKinds(plane, [
      {
        ...{ group, plural: "records", kind: "Record" },
        versions: [{ name: "v1", properties: { spec: object({}), status: object({ account: text }) } }],
      },
    ]);
    const record = stored("Record", "one", {});
    await applied(plane, [record]);
    const { code, stderr } = await plane.kubectl(
      plane.user("admin"),
      ["apply", "--server-side", "--subresource=status", "--field-manager=its-controller", "-f", "-"],
      { stdin: { ...record, status: { account: "powerful" } } },
    );
    expect([code, stderr]).toEqual([0, ""]);
    const records = target("records", [{ path: "status.account", serviceAccount: "name" }], mayBeEmpty);
    const { findings } = await report(namespace, "--policy", policyOf(records));
    expect(findings).toMatchObject([
      {
        finding: "in-status",
        declared: account("powerful"),
        fieldManagers: [{ manager: "its-controller", operation: "Apply" }],
        specManagers: [{ manager: "kubectl-client-side-apply" }],
      },
    ]);
  });

  test("every preset at once, on a cluster with two of the ecosystems", async () => {
    const policy = policyOf(
      ...Object.keys(presets).map((preset) => ({ preset, ...(preset === "flux" && { kubeConfigSecrets: "inline" }) })),
    );
    const { stdout, stderr, status } = await run("--kubeconfig", admin, "--namespace", namespace, "--policy", policy);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^note: not installed: argoproj\.io, .*[^\n]; remoteresources and encryptedresources of deploy\.razee\.io\n$/,
    );
    const lines = stdout.split("\n");
    expect(lines.slice(1, 4).map((row) => row.split(/ {2,}/).slice(1, 4))).toEqual([
      ["kustomizations/decrypts", "spec.decryption.serviceAccountName", "unsafe-name"],
      ["kustomizations/empty", "spec.serviceAccountName", "empty"],
      ["mustachetemplates/privileged", "spec.clusterAuth.impersonateUser", "privileged"],
    ]);
    expect(lines.slice(4, 7)).toEqual([
      "5 objects read, 3 findings",
      "  kustomizations.kustomize.toolkit.fluxcd.io: 4 objects, 2 findings",
      "  mustachetemplates.deploy.razee.io: 1 object, 1 finding",
    ]);
  });

  test("a resource that has moved to another group of the domain is named", async () => {
    const moved = target("kustomizations", ["spec.user"], { group: "kustomize.fluxcd.io" });
    const { status, stderr } = await report(namespace, "--policy", policyOf(moved, argo));
    expect([status, stderr]).toEqual([
      2,
      "note: kustomizations.kustomize.fluxcd.io is not served by this cluster; did you mean kustomizations.kustomize.toolkit.fluxcd.io? Change it in the policy\n" +
        "the report is not complete; the notes say what is missing\n",
    ]);
  });
});

describe("the managers of an object", () => {
  const namespace = "hands";
  const stamp = { apiVersion: "admissionregistration.k8s.io/v1" };

  beforeAll(async () => {
    await makeNamespace(namespace);
    await applied(plane, [
      {
        ...stamp,
        kind: "MutatingAdmissionPolicy",
        metadata: { name: "stamp" },
        spec: {
          matchConstraints: {
            resourceRules: [
              {
                apiGroups: ["deploy.razee.io"],
                apiVersions: ["*"],
                resources: ["mustachetemplates"],
                operations: ["CREATE"],
              },
            ],
          },
          matchConditions: [{ name: "wanted", expression: "object.metadata.?labels.?stamp.orValue('') != ''" }],
          failurePolicy: "Fail",
          reinvocationPolicy: "Never",
          mutations: [
            {
              patchType: "JSONPatch",
              jsonPatch: {
                expression: "[JSONPatch{op: 'add', path: '/spec/clusterAuth', value: {'impersonateUser': 'carl'}}]",
              },
            },
          ],
        },
      },
      {
        ...stamp,
        kind: "MutatingAdmissionPolicyBinding",
        metadata: { name: "stamp" },
        spec: { policyName: "stamp" },
      },
    ]);
    const stamped = (name: string): ApiObject => {
      const object = template(namespace, name);
      return { ...object, metadata: { ...object.metadata, labels: { stamp: "yes" } } };
    };
    await until("the policy stamps", async () => {
      const { body } = await create(plane, plane.user("bob"), stamped("probe"), "?dryRun=All");
      return body.spec?.clusterAuth?.impersonateUser === "carl";
    });
    const kubectl = async (who: string, object: ApiObject, ...args: readonly string[]): Promise<void> => {
      const { code, stderr } = await plane.kubectl(plane.user(who), [...args, "-f", "-"], { stdin: object });
      if (code !== 0) throw new Error(stderr);
    };
    const gitops = ["apply", "--server-side", "--field-manager", "gitops"];
    await kubectl("bob", stamped("stamped"), ...gitops);
    const shared = template(namespace, "shared", "carl", { strTemplates: ["a: 1"] });
    await kubectl("bob", shared, ...gitops);
    await plane.kubectl(plane.user("bob"), [
      "-n",
      namespace,
      "patch",
      "mustachetemplate",
      "shared",
      "--type=merge",
      "--field-manager=another-client",
      "-p",
      '{"spec":{"strTemplates":["a: 2"]}}',
    ]);
    await plane.kubectl(plane.user("bob"), [
      "-n",
      namespace,
      "patch",
      "mustachetemplate",
      "shared",
      "--type=merge",
      "--field-manager=its-controller",
      "--subresource=status",
      "-p",
      '{"status":{"children":{}}}',
    ]);
  });

  const names = (managers: readonly { readonly manager: string }[]) => managers.map(({ manager }) => manager).sort();

  test("are the owner of the field, and in parentheses the owners of other fields", async () => {
    const { named } = await report(namespace, "--all");
    expect(names(named["shared"]?.["fieldManagers"])).toEqual(["gitops"]);
    expect(names(named["shared"]?.["specManagers"])).toEqual(["another-client", "gitops"]);
    expect(named["shared"]?.["fieldManagers"][0]).toEqual({
      manager: "gitops",
      operation: "Apply",
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    });
  });

  test("do not include the webhook that set the field on admission", async () => {
    const { named } = await report(namespace, "--all");
    expect(named["stamped"]).toMatchObject({ declared: "carl", fieldManagers: [] });
    const { stdout } = await run("--kubeconfig", admin, "--namespace", namespace, "--all");
    expect(stdout).toMatch(/mustachetemplates\/stamped +named +carl +\((gitops|none)\)/);
  });

  test("are replaced by the users that a file names, and the other managers are counted", async () => {
    const file = plane.file("writers.yaml", "gitops: alice\nanother: { username: bob, groups: [platform-team] }\n");
    const judged = await report(namespace, "--writers", file);
    expect(judged).toMatchObject({ status: 0, findings: [] });
    const { stdout } = await run("--kubeconfig", admin, "--namespace", namespace, "--writers", file);
    expect(stdout).toContain("field managers that the --writers file does not name: another-client (1 object)");
    const strict = plane.file("strict.yaml", "gitops: alice\nanother-client: bob\n");
    const { status, named, findings } = await report(namespace, "--writers", strict);
    expect([status, findings.length]).toEqual([1, 1]);
    expect(named["shared"]).toMatchObject({
      finding: "forbidden",
      fix: `set ${at} to an identity of the writer's own, or grant the writer to impersonate users/carl`,
    });
    const given = named["shared"]?.["wouldBeGiven"].map(
      (each: { writer: string; decision: string; effective: string }) => [each.writer, each.decision, each.effective],
    );
    expect(given.sort()).toEqual([
      ["alice", "permitted", "carl"],
      ["bob", "replaced", "bob"],
    ]);
  });
});

describe("the identity that a writer would get", () => {
  const namespace = "writers";

  beforeAll(async () => {
    await makeNamespace(namespace);
    await store(
      "bob",
      template(namespace, "carls", "carl"),
      template(namespace, "bobs", "bob"),
      template(namespace, "unnamed"),
      template(namespace, "controllers", "razeedeploy"),
    );
  });

  test.for([
    { who: "bob", found: { carls: "replaced", unnamed: "defaulted", controllers: "replaced" } },
    { who: "finn", found: { carls: "replaced", unnamed: "defaulted", controllers: "replaced" } },
    { who: "alice", found: { unnamed: "defaulted", controllers: "replaced" } },
    { who: "stranger,platform-team", found: { unnamed: "defaulted", controllers: "replaced" }, but: "bobs" },
    { who: razeeController, found: { unnamed: "denied" } },
    { who: "razeedeploy", found: { carls: "denied", bobs: "denied", unnamed: "denied", controllers: "denied" } },
  ])("$who", async ({ who, found }) => {
    const { named, status } = await report(namespace, "--as-writer", who);
    expect(status).toBe(1);
    const decisions = Object.fromEntries(
      Object.entries(named).map(([name, { wouldBeGiven }]) => [name, wouldBeGiven[0].decision]),
    );
    expect(decisions).toEqual(found);
  });

  test("is shown for each of them", async () => {
    const { stdout } = await run(
      "--kubeconfig",
      admin,
      "--namespace",
      namespace,
      "--as-writer",
      "alice",
      "--as-writer",
      "bob",
    );
    expect(stdout).toMatch(
      /mustachetemplates\/carls +forbidden +carl .* alice: carl \(permitted\), bob: bob \(replaced\) /,
    );
  });

  test("is unknown where the user may not create SubjectAccessReviews, and the exit status is not 0", async () => {
    const { status, stdout, stderr } = await run(
      "--kubeconfig",
      plane.kubeconfigOf("bob"),
      "--namespace",
      namespace,
      "--as-writer",
      "carl",
      "-o",
      "json",
    );
    expect([status, stdout]).toEqual([2, "[]\n"]);
    expect(stderr).toContain(
      'note: the writers cannot be judged: the identity of context "cluster" may not create subjectaccessreviews',
    );
    expect(stderr).toContain("the report is not complete; the notes say what is missing");
  });

  test("the users who could fix it follow from RBAC", async () => {
    const { named } = await report(namespace, "--as-writer", "bob", "--all");
    const masters = "Group system:masters";
    const controller = "ServiceAccount razeedeploy/razeedeploy-sa";
    const collector = "ServiceAccount kube-system/generic-garbage-collector";
    const people = (name: string, member: string): readonly string[] =>
      named[name]?.[member].filter((who: string) => !who.includes(" kube-system/") && who !== masters);
    expect(people("carls", "mayWrite")).toEqual(["Group authors", controller]);
    expect(named["carls"]?.["mayWrite"]).toContain(collector);
    expect(people("carls", "mayImpersonate")).toEqual(["Group platform-team", controller, "User alice"]);
    expect(people("bobs", "mayImpersonate")).toEqual(["Group platform-team", controller, "User alice", "User finn"]);
    expect(people("unnamed", "mayImpersonate")).toEqual([]);
    expect(named["controllers"]?.["mayImpersonate"]).toEqual([controller, masters]);
  });

  test("the users who could fix it are unknown where RBAC cannot be read, and a note says so", async () => {
    const bob = plane.kubeconfigOf("bob");
    const { status, stdout, stderr } = await run("--kubeconfig", bob, "--namespace", namespace, "-o", "json");
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      { name: "controllers", mayWrite: null, mayImpersonate: null },
      { name: "unnamed", mayWrite: null, mayImpersonate: null },
    ]);
    expect(stderr).toMatch(
      /^note: who may write an object, or impersonate what it names, is not said, because that needs list on clusterroles, clusterrolebindings, roles, rolebindings in the whole cluster: .* is forbidden/m,
    );
    const { stdout: table } = await run("--kubeconfig", bob, "--namespace", namespace);
    expect(table).toMatch(/mustachetemplates\/unnamed +empty +- +\(unknown\) +\?$/m);
  });
});

describe("many objects", () => {
  const namespace = "many";
  const count = 2_000;
  let front: Front;
  let kubeconfig: string;

  const lists = () => front.requests.filter((path) => path.includes("/mustachetemplates?"));
  const read = async (...args: readonly string[]) => {
    front.requests.splice(0);
    const ran = await run(
      "--kubeconfig",
      kubeconfig,
      "--namespace",
      namespace,
      "--limit-page",
      "100",
      "-o",
      "json",
      ...args,
    );
    return { ...ran, names: findingsOf(ran).map(({ name }) => name) };
  };
  const nameOf = (number: number): string => `object-${String(number).padStart(5, "0")}`;
  const all = Array.from({ length: count }, (_, number) => nameOf(number));

  beforeAll(async () => {
    await makeNamespace(namespace);
    const waiting = [...all];
    const worker = async (): Promise<void> => {
      for (let name = waiting.pop(); name !== undefined; name = waiting.pop())
        await store("admin", template(namespace, name, undefined, { strTemplates: ["x".repeat(30_000)] }));
    };
    await Promise.all(Array.from({ length: 12 }, worker));
    front = await startFront(plane);
    kubeconfig = plane.file(
      "front.kubeconfig",
      plane
        .kubeconfig(plane.user("admin"))
        .replace(plane.connection.url, front.url)
        .replace(/("certificate-authority-data": ")[^"]+/, `$1${Buffer.from(front.ca).toString("base64")}`),
    );
  });
  afterAll(() => front?.stop());

  test("are read page by page, none twice and none left out", async () => {
    const { status, names } = await read();
    expect(status).toBe(1);
    expect(names).toEqual(all);
    expect(lists()).toHaveLength(count / 100);
    for (const path of lists()) expect(path).toContain("limit=100");
  });

  test("are reported in less memory than they need together", async () => {
    const environment = { NODE_OPTIONS: "--max-old-space-size=56" };
    const { status, stdout } = await runCommand(
      "report",
      ["--kubeconfig", kubeconfig, "--limit-page", "100", "-o", "json", "--as-writer", "bob", "--namespace", namespace],
      { environment },
    );
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toHaveLength(count);
  });

  /** The answer of kube-apiserver 1.36 once etcd has compacted the snapshot away, with the token that it offers. */
  const expired = (path: string, offers: boolean) => {
    const given = new URL(path, front.url).searchParams.get("continue") ?? "";
    const { v, start } = JSON.parse(Buffer.from(given, "base64url").toString());
    const token = Buffer.from(JSON.stringify({ v, rv: -1, start: start.replace(/^\//, "") })).toString("base64url");
    return {
      status: 410,
      body: {
        kind: "Status",
        apiVersion: "v1",
        metadata: offers ? { continue: token } : {},
        status: "Failure",
        message: "The provided continue parameter is too old to display a consistent list result.",
        reason: "Expired",
        code: 410,
      },
    };
  };

  test.for([
    { what: "goes on where it was", offers: true, requests: 21 },
    {
      what: "starts again where the API server offers no token, and lists no object twice",
      offers: false,
      requests: 24,
    },
  ])("a snapshot that is gone: the report $what", async ({ offers, requests }) => {
    let gone = false;
    front.answer = (path) => {
      const is = !gone && path.includes("continue=") && lists().length === 4;
      gone ||= is;
      return is ? expired(path, offers) : undefined;
    };
    const { status, names, stderr } = await read();
    front.answer = () => undefined;
    expect(gone).toBe(true);
    expect(status).toBe(1);
    expect(names).toEqual(all);
    expect(lists()).toHaveLength(requests);
    expect(stderr).toContain(
      `note: /apis/deploy.razee.io/v1alpha2/namespaces/${namespace}/mustachetemplates: the API server forgot the snapshot that was being listed; ` +
        `the rest is from a newer one, without what was created before ${namespace}/${nameOf(299)} meanwhile`,
    );
  });

  test("a list that breaks off leaves a complete JSON array and status 2", async () => {
    front.answer = () =>
      lists().length === 3 ? { status: 500, body: { kind: "Status", message: "etcd is on fire" } } : undefined;
    const { status, names, stderr } = await read();
    front.answer = () => undefined;
    expect([status, names.length]).toEqual([2, 200]);
    expect(stderr).toContain("mustachetemplates cannot be listed: etcd is on fire");
  });
});

describe("which cluster", () => {
  test("is the one of kubectl's own kubeconfigs by default", async () => {
    const environment = { HOME: "/nowhere", KUBECONFIG: `/nowhere/config:${admin}` };
    const { status, stdout } = await runCommand("report", ["--namespace", "kube-public", "-o", "json"], {
      environment,
    });
    expect([status, stdout]).toEqual([0, "[]\n"]);
  });

  test("may be one whose certificate is not verified, with a note", async () => {
    const text = plane
      .kubeconfig(plane.user("admin"))
      .replace(/"certificate-authority-data": "[^"]*"/, '"insecure-skip-tls-verify": true');
    const file = plane.file("insecure.kubeconfig", text);
    const { status, stderr } = await run("--kubeconfig", file, "--namespace", "kube-public", "--as-writer", "bob");
    expect(status).toBe(0);
    expect(stderr).toMatch(/^note: context "cluster" has insecure-skip-tls-verify: the server is not verified/);
  });
});

describe("errors", () => {
  test.for([
    {
      what: "no cluster",
      args: [],
      says: "no kubeconfig was found at /nowhere/.kube/config; give --kubeconfig FILE or set KUBECONFIG",
    },
    {
      what: "pages of nothing",
      args: ["--kubeconfig", "x", "--limit-page", "0"],
      says: "--limit-page 0 is not a number from 1 to 5000",
    },
    {
      what: "a writer without a name",
      args: ["--kubeconfig", "x", "--as-writer", ",team-a"],
      says: "--as-writer ,team-a is not USERNAME or USERNAME,GROUP,...",
    },
    {
      what: "an unknown output format",
      args: ["--kubeconfig", "x", "-o", "yaml"],
      says: "-o yaml is not table or json",
    },
  ])("$what", async ({ args, says }) => {
    expect(await run(...args)).toEqual({ status: 2, stdout: "", stderr: `${says}\n` });
  });

  test("objects that the user may not list are left out, and the exit status says that the report is incomplete", async () => {
    const { status, stdout, stderr } = await run("--kubeconfig", plane.kubeconfigOf(webhookUser), "-o", "json");
    expect([status, stdout]).toEqual([2, "[]\n"]);
    expect(stderr).toMatch(
      /note: .*\/mustachetemplates cannot be listed: .*is forbidden: User "impersonation-admission"/,
    );
  });

  test("an API server that does not answer", async () => {
    const text = plane.kubeconfig(plane.user("admin")).replace(plane.connection.url, "https://127.0.0.1:9");
    const { status, stdout, stderr } = await run("--kubeconfig", plane.file("away.kubeconfig", text));
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toBe('the API server of context "cluster" cannot be reached (ECONNREFUSED)\n');
  });
});

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ControlPlane, startControlPlane } from "../cluster/control-plane.ts";
import type { ApiResponse } from "../cluster/harness/api-client.ts";
import { actingAs } from "../cluster/harness/caller.ts";
import { applied } from "../cluster/world/applied.ts";
import { type Guard, installFunction } from "../cluster/world/install-policy.ts";
import { until } from "../cluster/world/until.ts";
import { webhookUser } from "../cluster/world/users.ts";
import { installArgoResources, startArgo } from "./world/argo.ts";
import type { Controller } from "./world/start-controller.ts";
import { makeTenant } from "./world/tenant.ts";
import { writesSince } from "./world/writes.ts";

const team = "team";
const controller = "system:serviceaccount:argo:argo";
const accountOf = (name: string): string => `system:serviceaccount:${team}:${name}`;
type Json = Readonly<Record<string, unknown>>;

let plane: ControlPlane & { readonly stop: () => Promise<void> };
let argo: Controller | undefined;
let guard: Guard | undefined;

// alice may impersonate deployer and cleaner, erin every account of the namespace, dave none.
beforeAll(async () => {
  plane = await startControlPlane({ users: ["alice", "dave", "erin", webhookUser].map((name) => ({ name })) });
  await installArgoResources(plane);
  await makeTenant(plane, {
    namespace: team,
    apiGroups: ["argoproj.io"],
    authors: ["alice", "dave", "erin"],
    accounts: ["deployer", "cleaner", "powerful", "default"],
    mayImpersonate: ["deployer", "cleaner"].map((account) => ({ who: "alice", account })),
  });
  const every = { apiGroups: [""], resources: ["serviceaccounts"], verbs: ["impersonate"] };
  const metadata = { name: "erin-may-impersonate-all", namespace: team };
  const apiGroup = "rbac.authorization.k8s.io";
  await applied(plane, [
    { apiVersion: `${apiGroup}/v1`, kind: "Role", metadata, rules: [every] },
    {
      apiVersion: `${apiGroup}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup, kind: "Role", name: metadata.name },
      subjects: [{ kind: "User", apiGroup, name: "erin" }],
    },
    object("WorkflowTemplate", "shared", { entrypoint: "main", templates: [main], serviceAccountName: "powerful" }),
    object("WorkflowTemplate", "lends", template({ serviceAccountName: "powerful" })),
  ]);
  guard = await installFunction(
    plane,
    { name: "argo", targets: [{ preset: "argo-workflows" }] },
    ["deployer", "powerful"].map((account) => ({
      who: "alice",
      collection: collectionOf("Workflow"),
      object: object("Workflow", "probe", { serviceAccountName: account }),
    })),
  );
  argo = await startArgo(plane);
});
afterAll(async () => {
  await argo?.stop();
  await guard?.uninstall();
  await plane?.stop();
});

const plurals = {
  Workflow: "workflows",
  WorkflowTemplate: "workflowtemplates",
  CronWorkflow: "cronworkflows",
  WorkflowTaskResult: "workflowtaskresults",
} as const;
type Kind = keyof typeof plurals;

const collectionOf = (kind: Kind): string => `/apis/argoproj.io/v1alpha1/namespaces/${team}/${plurals[kind]}`;
const pathOf = (name: string, kind: Kind = "Workflow"): string => `${collectionOf(kind)}/${name}`;
const object = (kind: Kind, name: string, spec: Json, more: Json = {}) => ({
  apiVersion: "argoproj.io/v1alpha1",
  kind,
  metadata: { name, namespace: team },
  spec,
  ...more,
});
const main = { name: "main", container: { image: "alpine", command: ["true"] } };
/** A Workflow that runs one Pod. */
const workflow = (members: Json = {}): Json => ({ entrypoint: "main", templates: [main], ...members });
/** A Workflow whose only template has these members. */
const template = (members: Json): Json => workflow({ templates: [{ ...main, ...members }] });
/** A Workflow with one step, which has an inline template. */
const inline = (members: Json): Json => ({
  entrypoint: "main",
  templates: [{ name: "main", steps: [[{ name: "a", inline: { container: main.container, ...members } }]] }],
});

const create = (who: string, name: string, spec: Json, more: Json = {}, kind: Kind = "Workflow") =>
  plane.api(plane.user(who), { method: "POST", path: collectionOf(kind), body: object(kind, name, spec, more) });
const created = async (who: string, name: string, spec: Json): Promise<void> => {
  const { status, text } = await create(who, name, spec);
  if (status !== 201) throw new Error(text);
};
const edit = (who: string, name: string, patch: Json): Promise<ApiResponse> =>
  plane.api(plane.user(who), {
    method: "PATCH",
    path: pathOf(name),
    contentType: "application/merge-patch+json",
    body: patch,
  });
const found = async (path: string) => {
  const { status, body } = await plane.api(plane.user("admin"), { path });
  return status === 200 ? body : undefined;
};

// biome-ignore lint/suspicious/noExplicitAny: a Pod
const podsOf = async (name: string): Promise<any[]> =>
  (await found(`/api/v1/namespaces/${team}/pods?labelSelector=workflows.argoproj.io/workflow%3D${name}`)).items;
const podOf = (name: string) => until(`Workflow ${name} has a Pod`, async () => (await podsOf(name))[0]);
/** The accounts of a Workflow's Pods. */
const runsAs = async (name: string): Promise<string> => (await podOf(name)).spec.serviceAccountName ?? "default";
const phaseOf = async (name: string): Promise<unknown> => (await found(pathOf(name)))?.status?.phase;
const inPhase = (name: string, phase: string) =>
  until(`Workflow ${name} is ${phase}`, async () => (await phaseOf(name)) === phase);

/** Whether an object stays as it is for a while. */
const stable = async (path: string): Promise<boolean> => {
  const { resourceVersion } = (await found(path)).metadata;
  await sleep(1_000);
  return (await found(path)).metadata.resourceVersion === resourceVersion;
};

/** Plays the kubelet: a Pod has run. */
const succeed = async (pod: {
  metadata: { name: string };
  spec: { containers: { name: string }[] };
}): Promise<void> => {
  const at = new Date().toISOString().replace(/\.\d+/, "");
  const state = { terminated: { exitCode: 0, reason: "Completed", startedAt: at, finishedAt: at } };
  const containerStatuses = pod.spec.containers.map(({ name }) => ({
    ...{ name, state, ready: false, restartCount: 0, image: "", imageID: "" },
  }));
  const { status, text } = await plane.api(plane.user("admin"), {
    method: "PATCH",
    path: `/api/v1/namespaces/${team}/pods/${pod.metadata.name}/status`,
    contentType: "application/merge-patch+json",
    body: { status: { phase: "Succeeded", containerStatuses } },
  });
  if (status !== 200) throw new Error(text);
};

const denied = (sentence: string): string => expect.stringContaining(`denied the request: ${sentence}`);
const mayNot = (at: string, account: string, who = "alice"): string =>
  `${at}: ${who} may not impersonate "${accountOf(account)}"`;
const mayNotAll = (at: string): string =>
  `${at} can name any service account in namespace ${team}, and alice may not impersonate them all`;
const inherited = (at: string, account: string, who = "dave"): string =>
  `${at} still names "${accountOf(account)}", which ${who} may not impersonate`;

describe("the Pods of a Workflow", () => {
  test.each([
    ["an account that its author may impersonate", "top", workflow({ serviceAccountName: "deployer" }), "deployer"],
    ["such an account of a template", "per-template", template({ serviceAccountName: "deployer" }), "deployer"],
    ["such an account of an inline template", "inline", inline({ serviceAccountName: "deployer" }), "deployer"],
    ["the namespace's own account, without another", "empty", workflow(), "default"],
    [
      "the Workflow's own account, though it refers to a template with another",
      "with-template",
      { workflowTemplateRef: { name: "shared" }, serviceAccountName: "deployer" },
      "deployer",
    ],
  ])("run as %s", async (_, name, spec, account) => {
    await created("alice", name, spec);
    expect(await runsAs(name)).toBe(account);
  });

  test.each([
    ["a patch of its Pods", "patched", workflow({ podSpecPatch: "serviceAccountName: powerful" })],
    ["a template's patch of its Pod", "patched-template", template({ podSpecPatch: "serviceAccountName: powerful" })],
    ["an inline template's patch", "patched-inline", inline({ podSpecPatch: "serviceAccountName: powerful" })],
  ])("run as any account by %s, for a user who may impersonate all", async (_, name, spec) => {
    await created("erin", name, spec);
    expect(await runsAs(name)).toBe("powerful");
  });
});

const step = "spec.templates[0].steps[0][0].inline";

/** Workflows of alice that the controller runs as powerful; the sentence says why they are refused. */
const attacks: readonly {
  readonly by: string;
  readonly spec: Json;
  readonly status?: Json;
  readonly sentence: string;
}[] = [
  {
    by: "its account",
    spec: workflow({ serviceAccountName: "powerful" }),
    sentence: mayNot("spec.serviceAccountName", "powerful"),
  },
  {
    by: "a template's account, beside a permitted one",
    spec: { ...template({ serviceAccountName: "powerful" }), serviceAccountName: "deployer" },
    sentence: mayNot("spec.templates[0].serviceAccountName", "powerful"),
  },
  {
    by: "an inline template",
    spec: inline({ serviceAccountName: "powerful" }),
    sentence: mayNot(`${step}.serviceAccountName`, "powerful"),
  },
  {
    by: "a patch",
    spec: workflow({ podSpecPatch: "serviceAccountName: powerful" }),
    sentence: mayNotAll("spec.podSpecPatch"),
  },
  {
    by: "a template's patch",
    spec: template({ podSpecPatch: "serviceAccountName: powerful" }),
    sentence: mayNotAll("spec.templates[0].podSpecPatch"),
  },
  {
    by: "an inline template's patch",
    spec: inline({ podSpecPatch: "serviceAccountName: powerful" }),
    sentence: mayNotAll(`${step}.podSpecPatch`),
  },
  {
    by: "a parameter",
    spec: {
      ...template({ serviceAccountName: "{{workflow.parameters.a}}" }),
      arguments: { parameters: [{ name: "a", value: "powerful" }] },
    },
    sentence: 'spec.templates[0].serviceAccountName: "{{workflow.parameters.a}}" is not the name of a service account',
  },
  {
    by: "the account of the template that it refers to",
    spec: { workflowTemplateRef: { name: "shared" } },
    sentence: "spec.serviceAccountName is empty; set it to an identity that alice may impersonate",
  },
  {
    by: "another letter case in an inline template",
    spec: inline({ ServiceAccountName: "powerful" }),
    sentence: `${step}.ServiceAccountName: must be written serviceAccountName`,
  },
  {
    by: "another letter case of a patch in an inline template",
    spec: inline({ PodSpecPatch: "serviceAccountName: powerful" }),
    sentence: `${step}.PodSpecPatch: must be written podSpecPatch`,
  },
  {
    by: "another letter case, which the controller reads where a parameter is a number",
    spec: { ...workflow({ ServiceAccountName: "powerful" }), arguments: { parameters: [{ name: "n", value: 5 }] } },
    sentence: "spec.ServiceAccountName: must be written serviceAccountName",
  },
  {
    by: "its status",
    spec: { workflowTemplateRef: { name: "shared" }, serviceAccountName: "deployer" },
    status: { storedWorkflowTemplateSpec: workflow({ serviceAccountName: "powerful" }) },
    sentence: mayNot("status.storedWorkflowTemplateSpec.serviceAccountName", "powerful"),
  },
];

describe("a Workflow is refused that would run as powerful", () => {
  test.each(attacks.map((attack) => [attack.by, attack] as const))("by %s", async (_, { spec, status, sentence }) => {
    const { body } = await create("alice", "refused", spec, status && { status });
    expect(body.message).toEqual(denied(sentence));
    expect(await found(pathOf("refused"))).toBeUndefined();
    expect(await podsOf("refused")).toEqual([]);
  });

  test.each([
    [
      "the account of an executor",
      template({ executor: { serviceAccountName: "powerful" } }),
      mayNot("spec.templates[0].executor.serviceAccountName", "powerful"),
    ],
    [
      "the account that deletes its artifacts",
      workflow({ artifactGC: { strategy: "OnWorkflowCompletion", serviceAccountName: "powerful" } }),
      mayNot("spec.artifactGC.serviceAccountName", "powerful"),
    ],
    [
      "a patch of the Pod that deletes its artifacts",
      workflow({ artifactGC: { podSpecPatch: "serviceAccountName: powerful" } }),
      mayNotAll("spec.artifactGC.podSpecPatch"),
    ],
  ])("in part, by %s", async (_, spec, sentence) => {
    const { body } = await create("alice", "refused", spec);
    expect(body.message).toEqual(denied(sentence));
  });
});

describe("the status of a Workflow that runs as deployer", () => {
  const waiting = workflow({ serviceAccountName: "deployer", suspend: true });
  beforeAll(async () => {
    await created("alice", "waits", waiting);
    await inPhase("waits", "Running");
  });

  test.each([
    ["with a command of his own", { storedWorkflowTemplateSpec: workflow() }],
    ["with nodes of his own", { nodes: { waits: { phase: "Succeeded" } } }],
  ])("is closed to a user who may not impersonate deployer: %s", async (_, status) => {
    const { body } = await edit("dave", "waits", { status });
    expect(body.message).toEqual(denied(inherited("spec.serviceAccountName", "deployer")));
  });

  test("takes no other account from a user who may", async () => {
    const status = { storedTemplates: { "namespaced/shared/main": { ...main, serviceAccountName: "powerful" } } };
    const { body } = await edit("alice", "waits", { status });
    expect(body.message).toEqual(denied(mayNot("status.storedTemplates.**.serviceAccountName", "powerful")));
  });
});

describe("the commands of argo, by a user who may impersonate the account, and by one who may not", () => {
  const waiting = workflow({ serviceAccountName: "deployer", suspend: true });
  const refusedToDave = async (name: string, patch: Json): Promise<void> => {
    const { body } = await edit("dave", name, patch);
    expect(body.message).toEqual(denied(inherited("spec.serviceAccountName", "deployer")));
  };

  test("resume", async () => {
    await created("alice", "resumed", waiting);
    await inPhase("resumed", "Running");
    const patch = { spec: { suspend: null } };
    await refusedToDave("resumed", patch);
    expect(await podsOf("resumed")).toEqual([]);
    expect((await edit("alice", "resumed", patch)).status).toBe(200);
    expect(await runsAs("resumed")).toBe("deployer");
  });

  test("resume of a node, which is an edit of the status", async () => {
    await created("alice", "node", { ...template({ container: null, suspend: {} }), serviceAccountName: "deployer" });
    await inPhase("node", "Running");
    // As a user would, who resumes it after the controller has said that it waits.
    await until("the controller has written that the node waits", async () => stable(pathOf("node")));
    const node = (await found(pathOf("node"))).status.nodes["node"];
    const patch = {
      status: { nodes: { node: { ...node, phase: "Succeeded", finishedAt: new Date().toISOString() } } },
    };
    await refusedToDave("node", patch);
    expect((await edit("alice", "node", patch)).status).toBe(200);
    await inPhase("node", "Succeeded");
  });

  test("suspend, stop and terminate", async () => {
    for (const [name, patch] of Object.entries({ stopped: "Stop", terminated: "Terminate" })) {
      await created("alice", name, waiting);
      await inPhase(name, "Running");
      await refusedToDave(name, { spec: { shutdown: patch } });
      expect((await edit("alice", name, { spec: { suspend: null, shutdown: patch } })).status).toBe(200);
      await inPhase(name, "Failed");
    }
    expect((await edit("alice", "waits", { spec: { suspend: false } })).status).toBe(200);
    expect((await edit("alice", "waits", { spec: { suspend: true } })).status).toBe(200);
  });

  test("labels and deletion are open to every user with the right by RBAC", async () => {
    expect((await edit("dave", "waits", { metadata: { labels: { team: "a" } } })).status).toBe(200);
    expect((await plane.api(plane.user("dave"), { method: "DELETE", path: pathOf("waits") })).status).toBe(200);
    await until("the Workflow is gone", async () => !(await found(pathOf("waits"))));
  });
});

describe("the artifacts of a Workflow", () => {
  const artifact = { name: "out", path: "/out", s3: { bucket: "b", endpoint: "s3", key: "k" } };
  const spec = (members: Json): Json => ({ ...template({ outputs: { artifacts: [artifact] } }), ...members });
  /** Plays the executor of a Pod: reports an artifact as the Pod's account. */
  const report = (name: string, node: string, artifactGC?: Json) =>
    plane.api(actingAs(plane.user("admin"), accountOf("deployer"), { groups: ["system:authenticated"] }), {
      method: "POST",
      path: collectionOf("WorkflowTaskResult"),
      body: {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "WorkflowTaskResult",
        metadata: {
          ...{ name: node, namespace: team },
          labels: {
            "workflows.argoproj.io/workflow": name,
            "workflows.argoproj.io/report-outputs-completed": "true",
          },
        },
        outputs: { artifacts: [{ ...artifact, ...(artifactGC && { artifactGC }) }] },
      },
    });

  test("are deleted by a Pod of the account that the Workflow names", async () => {
    const artifactGC = { strategy: "OnWorkflowCompletion", serviceAccountName: "cleaner" };
    await created("alice", "cleaned", spec({ serviceAccountName: "deployer", artifactGC }));
    const pod = await podOf("cleaned");
    expect((await report("cleaned", pod.metadata.name)).status).toBe(201);
    await succeed(pod);
    const accounts = await until("a Pod deletes the artifacts", async () => {
      const pods = await podsOf("cleaned");
      return pods.length > 1 ? pods.map((each) => each.spec.serviceAccountName).sort() : undefined;
    });
    expect(accounts).toEqual(["cleaner", "deployer"]);
  });

  test("cannot name another account for that when the Pod reports them", async () => {
    const { body } = await report("top", "another-node", { serviceAccountName: "powerful" });
    const at = "outputs.artifacts[0].artifactGC.serviceAccountName";
    expect(body.message).toEqual(denied(mayNot(at, "powerful", accountOf("deployer"))));
  });
});

describe("the Workflows of a CronWorkflow", () => {
  const cron = (workflowSpec: Json): Json => ({ schedules: ["@every 2s"], concurrencyPolicy: "Forbid", workflowSpec });

  test("are created by the controller, as the account that the CronWorkflow's author may impersonate", async () => {
    const { status } = await create(
      "alice",
      "cron",
      cron(workflow({ serviceAccountName: "deployer" })),
      {},
      "CronWorkflow",
    );
    expect(status).toBe(201);
    const made = await until("the controller has created a Workflow", async () =>
      writesSince(plane, 0, { actedAs: controller, resource: "workflows", verb: "create" }).at(0),
    );
    expect(made).toMatchObject({ code: 201, decisions: Array(2).fill("permitted trusted-writer") });
    expect(await runsAs(made.event.responseObject.metadata.name)).toBe("deployer");
    await plane.api(plane.user("alice"), { method: "DELETE", path: pathOf("cron", "CronWorkflow") });
  });

  test.each([
    [
      "another account",
      workflow({ serviceAccountName: "powerful" }),
      mayNot("spec.workflowSpec.serviceAccountName", "powerful"),
    ],
    [
      "no account, but a template with one",
      { workflowTemplateRef: { name: "shared" } },
      "spec.workflowSpec.serviceAccountName is empty",
    ],
  ])("are refused with the CronWorkflow if that names %s", async (_, spec, sentence) => {
    const { body } = await create("alice", "refused", cron(spec), {}, "CronWorkflow");
    expect(body.message).toEqual(denied(sentence));
  });
});

test("a template that is stored elsewhere lends its own accounts, also to containers of those who refer to it", async () => {
  await created("alice", "borrows", {
    workflowTemplateRef: { name: "lends" },
    serviceAccountName: "deployer",
    templateDefaults: { sidecars: [{ name: "own", image: "own", command: ["own"] }] },
  });
  const pod = await podOf("borrows");
  expect(pod.spec.serviceAccountName).toBe("powerful");
  expect(pod.spec.containers.map(({ image }: { image: string }) => image)).toContain("own");
});

test("argo stop is refused where the stored template names an account that the user may not impersonate", async () => {
  const spec = { workflowTemplateRef: { name: "lends" }, serviceAccountName: "deployer" };
  await created("alice", "lent", spec);
  await podOf("lent");
  const { body } = await edit("alice", "lent", { spec: { shutdown: "Stop" } });
  const at = "status.storedWorkflowTemplateSpec.**[0].serviceAccountName";
  expect(body.message).toEqual(denied(inherited(at, "powerful", "alice")));
  expect((await plane.api(plane.user("alice"), { method: "DELETE", path: pathOf("lent") })).status).toBe(200);
});

describe("while the function is down", () => {
  beforeAll(async () => {
    await created("alice", "outage", workflow({ serviceAccountName: "deployer" }));
    await podOf("outage");
    await inPhase("outage", "Running");
    await argo?.stop();
    await created("alice", "unseen", workflow({ serviceAccountName: "deployer" }));
    await guard?.stop();
    argo = await startArgo(plane);
  });

  test("no Workflow is created or edited", async () => {
    expect((await create("alice", "late", workflow())).status).toBe(500);
    expect((await edit("alice", "outage", { spec: { suspend: true } })).status).toBe(500);
    expect((await edit("dave", "outage", { status: { message: "x" } })).status).toBe(500);
  });

  test("the controller goes on: a Workflow whose Pod is done succeeds", async () => {
    await succeed(await podOf("outage"));
    await inPhase("outage", "Succeeded");
  });

  test("the controller cannot write a Workflow for the first time, with its defaults in the spec", async () => {
    expect(await runsAs("unseen")).toBe("deployer");
    const first = await until("the controller writes it", async () =>
      writesSince(plane, 0, { sender: controller, resource: "workflows", name: "unseen" }).at(0),
    );
    expect(first.code).toBe(500);
    expect(await phaseOf("unseen")).toBeUndefined();
  });

  test("Workflows can be deleted", async () => {
    expect((await plane.api(plane.user("alice"), { method: "DELETE", path: pathOf("outage") })).status).toBe(200);
    await until("the Workflow is gone", async () => !(await found(pathOf("outage"))));
  });
});

test("none of the controller's own writes was refused, though it may not impersonate", async () => {
  const own = writesSince(plane, 0, { sender: controller }).filter(
    ({ event }) => event.objectRef?.apiGroup === "argoproj.io",
  );
  expect(own.length).toBeGreaterThan(20);
  // 404 and 409: its copy was older.
  const answered = own.filter(({ name }) => name !== "unseen");
  expect(answered.filter(({ code }) => code >= 300 && code !== 404 && code !== 409)).toEqual([]);
  const updates = own.filter(({ resource, verb }) => resource === "workflows" && verb === "update");
  // Its first write of a Workflow has its defaults in the spec. The others change only the status, and no webhook is called for them.
  expect(new Set(updates.flatMap(({ decisions }) => decisions))).toEqual(
    new Set(["permitted trusted-writer", "permitted empty-allowed"]),
  );
  expect(updates.filter(({ decisions }) => decisions.length === 0).length).toBeGreaterThan(0);
});

describe("without the guard", () => {
  beforeAll(async () => {
    await guard?.uninstall();
    guard = undefined;
  });

  test("a Workflow that the controller could not write goes on at its next event, such as a new label", async () => {
    expect((await edit("dave", "unseen", { metadata: { labels: { again: "yes" } } })).status).toBe(200);
    await inPhase("unseen", "Running");
  });

  test.each(attacks.map((attack, index) => [attack.by, attack, `attack-${index}`] as const))(
    "the same Workflow runs as powerful by %s",
    async (_, { spec, status }, name) => {
      expect((await create("alice", name, spec, status && { status })).status).toBe(201);
      expect(await runsAs(name)).toBe("powerful");
    },
  );

  test("a user who may not impersonate deployer runs a command as deployer, by the status", async () => {
    await created("alice", "taken", {
      workflowTemplateRef: { name: "shared" },
      serviceAccountName: "deployer",
      suspend: true,
    });
    await inPhase("taken", "Running");
    const command = { ...main, container: { image: "evil", command: ["evil"] } };
    const storedWorkflowTemplateSpec = workflow({
      serviceAccountName: "deployer",
      templates: [command],
      suspend: true,
    });
    expect((await edit("dave", "taken", { status: { storedWorkflowTemplateSpec } })).status).toBe(200);
    expect((await edit("alice", "taken", { spec: { suspend: null } })).status).toBe(200);
    const pod = await podOf("taken");
    expect(pod.spec.serviceAccountName).toBe("deployer");
    expect(pod.spec.containers.map(({ image }: { image: string }) => image)).toContain("evil");
  });
});

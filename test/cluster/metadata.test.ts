import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { applied } from "./world/applied.ts";
import { type Guard, installFunction, installTwins, type Probe } from "./world/install-policy.ts";
import { makeNamespace } from "./world/namespace.ts";
import { until } from "./world/until.ts";

const plane = connect(inject("connection"));
const key = "example.com/run-as";

/** An annotation of built-in kinds, and of a custom resource, names an identity. */
const target = (group: string, version: string, resource: string) => ({
  group,
  versions: [version],
  resources: [resource],
  fields: [`metadata.annotations["${key}"]`],
  onForbidden: "deny",
  onEmpty: "allow",
  emptyIsUnprivileged: true,
});
const policy = {
  name: "meta",
  targets: [
    target("apps", "v1", "deployments"),
    target("", "v1", "pods"),
    target("deploy.razee.io", "*", "mustachetemplates"),
  ],
};

const labels = { app: "sample" };
const podSpec = { containers: [{ name: "main", image: "example.com/main" }] };
const kinds = {
  Deployment: {
    collection: (namespace: string) => `/apis/apps/v1/namespaces/${namespace}/deployments`,
    body: {
      apiVersion: "apps/v1",
      kind: "Deployment",
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
    },
  },
  Pod: {
    collection: (namespace: string) => `/api/v1/namespaces/${namespace}/pods`,
    body: { apiVersion: "v1", kind: "Pod", spec: podSpec },
  },
  MustacheTemplate: {
    collection: (namespace: string) => `/apis/deploy.razee.io/v1alpha2/namespaces/${namespace}/mustachetemplates`,
    body: { apiVersion: "deploy.razee.io/v1alpha2", kind: "MustacheTemplate", spec: {} },
  },
};
type Kind = keyof typeof kinds;

const annotated = (name: string, identity?: string) => ({
  metadata: { name, ...(identity === undefined ? {} : { annotations: { [key]: identity } }) },
});
const objectOf = (kind: Kind, name: string, identity?: string) => ({
  ...kinds[kind].body,
  ...annotated(name, identity),
});
const probe = (kind: Kind, identity?: string): Probe => ({
  who: "stranger",
  collection: kinds[kind].collection("default"),
  object: objectOf(kind, "probe", identity),
});

const verbs = ["get", "create", "update", "patch"];
/** Every authenticated user may write these kinds and their subresources. */
const writers = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "workload-author" },
  rules: [
    { apiGroups: ["apps"], resources: ["", "/status", "/scale"].map((part) => `deployments${part}`), verbs },
    {
      apiGroups: [""],
      resources: [
        ...["", "/status", "/binding", "/eviction", "/ephemeralcontainers", "/resize"].map((part) => `pods${part}`),
        "bindings",
      ],
      verbs,
    },
  ],
};
const everybody = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRoleBinding",
  metadata: { name: "all-users-are-workload-authors" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "workload-author" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "Group", name: "system:authenticated" }],
};

const bindings = (namespace: string) => `/api/v1/namespaces/${namespace}/bindings`;
const binding = (name: string, identity?: string) => ({
  apiVersion: "v1",
  kind: "Binding",
  ...annotated(name, identity),
  target: { apiVersion: "v1", kind: "Node", name: "somewhere" },
});
const eviction = (name: string, identity?: string) => ({
  apiVersion: "policy/v1",
  kind: "Eviction",
  ...annotated(name, identity),
});

const guards: readonly {
  readonly what: string;
  readonly namespace: string;
  readonly install: () => Promise<Guard>;
}[] = [
  {
    what: "the function",
    namespace: "metadata-by-function",
    install: () => installFunction(plane, policy, [probe("Deployment")]),
  },
  {
    what: "the admission policies",
    namespace: "metadata-by-policies",
    install: () =>
      installTwins(
        plane,
        policy,
        (["Deployment", "Pod", "MustacheTemplate"] as const).map((kind) => probe(kind, "carl")),
      ),
  },
];

beforeAll(() => applied(plane, [writers, everybody]));
afterAll(async () => {
  await plane.kubectl(plane.user("admin"), ["delete", "clusterrolebinding", everybody.metadata.name]);
});

describe.each(guards)("an annotation that names an identity, guarded by $what", ({ what, namespace, install }) => {
  let guard: Guard;
  let objects = 0;

  beforeAll(async () => {
    await makeNamespace(plane, namespace);
    await until("everybody may write", async () => {
      const args = ["auth", "can-i", "update", "deployments/status", "-n", namespace];
      return (await plane.kubectl(plane.user("stranger"), args)).code === 0;
    });
    guard = await install();
  });
  afterAll(() => guard?.uninstall());

  const create = async (who: string, kind: Kind, identity?: string) => {
    const name = `${kind.toLowerCase()}-${objects++}`;
    const object = objectOf(kind, name, identity);
    const path = kinds[kind].collection(namespace);
    return { name, ...(await plane.api(plane.user(who), { method: "POST", path, body: object })) };
  };
  /** Created by alice, who may impersonate every user. */
  const made = async (kind: Kind, identity?: string): Promise<string> => {
    const { name, status, text } = await create("alice", kind, identity);
    if (status !== 201) throw new Error(text);
    return name;
  };
  const stored = async (kind: Kind, name: string) => {
    const { body } = await plane.api(plane.user("admin"), { path: `${kinds[kind].collection(namespace)}/${name}` });
    return body.metadata.annotations?.[key];
  };
  const merge = (who: string, kind: Kind, name: string, subresource: string, body: object) =>
    plane.api(plane.user(who), {
      method: "PATCH",
      path: `${kinds[kind].collection(namespace)}/${name}${subresource}`,
      body,
      contentType: "application/merge-patch+json",
    });
  /** How many webhook calls the API server makes because of an action. */
  const counted = async <T>(action: () => Promise<T>) => {
    const before = guard.calls().length;
    return { result: await action(), calls: guard.calls().length - before };
  };

  test.for([
    { who: "stranger", identity: "carl", status: 403 },
    { who: "stranger", identity: "stranger", status: 201 },
    { who: "stranger", identity: undefined, status: 201 },
    { who: "alice", identity: "carl", status: 201 },
  ])("a Pod that $who creates for $identity: $status", async ({ who, identity, status }) => {
    expect((await create(who, "Pod", identity)).status).toBe(status);
  });

  test.for(
    (["Deployment", "Pod"] as const).flatMap((kind) => [
      { kind, who: "stranger", identity: "carl", before: undefined, code: 1 },
      { kind, who: "stranger", identity: "carl", before: "bob", code: 1 },
      { kind, who: "stranger", identity: "stranger", before: "bob", code: 0 },
      { kind, who: "finn", identity: "bob", before: undefined, code: 0 },
      { kind, who: "alice", identity: "carl", before: "bob", code: 0 },
      { kind, who: "stranger", identity: "bo\u00eb", before: undefined, code: 1 },
    ]),
  )(
    "kubectl patch --subresource=status of a $kind that runs as $before, to $identity by $who",
    async ({ kind, who, identity, before, code }) => {
      const name = await made(kind, before);
      const patch = JSON.stringify({ metadata: { annotations: { [key]: identity } } });
      const args = ["patch", kind, name, "-n", namespace, "--subresource=status", "--type=merge", "-p", patch];
      const printed = await plane.kubectl(plane.user(who), args);
      expect(printed).toMatchObject({ code });
      if (code === 1) expect(printed.stderr).toContain(`metadata.annotations["${key}"]`);
      expect(await stored(kind, name)).toBe(code === 0 ? identity : before);
    },
  );

  test("the same by PUT and by server-side apply", async () => {
    const name = await made("Deployment");
    const path = `${kinds.Deployment.collection(namespace)}/${name}/status`;
    const { body: now } = await plane.api(plane.user("admin"), { path });
    const body = { ...now, metadata: { ...now.metadata, annotations: { [key]: "carl" } } };
    expect((await plane.api(plane.user("stranger"), { method: "PUT", path, body })).status).toBe(403);
    const { apiVersion, kind } = kinds.Deployment.body;
    const applied = await plane.api(plane.user("stranger"), {
      method: "PATCH",
      path: `${path}?fieldManager=stranger`,
      body: { apiVersion, kind, ...annotated(name, "carl") },
      contentType: "application/apply-patch+yaml",
    });
    expect(applied.status).toBe(403);
    expect(await stored("Deployment", name)).toBeUndefined();
  });

  test.for([
    { kind: "Deployment" as const, status: { observedGeneration: 1 } },
    { kind: "Pod" as const, status: { message: "seen" } },
  ])("another user writes a status of a $kind and leaves the identity alone: no call", async ({ kind, status }) => {
    for (const identity of ["carl", undefined]) {
      const name = await made(kind, identity);
      const { result, calls } = await counted(() => merge("stranger", kind, name, "/status", { status }));
      expect([result.status, calls]).toEqual([200, 0]);
      const other = { metadata: { annotations: { "example.com/other": "x" } } };
      const again = await counted(() => merge("stranger", kind, name, "/status", other));
      expect([again.result.status, again.calls]).toEqual([200, 0]);
      expect(await stored(kind, name)).toBe(identity);
    }
  });

  test("a status write may empty the annotation", async () => {
    const name = await made("Pod", "carl");
    const { status } = await merge("stranger", "Pod", name, "/status", { metadata: { annotations: { [key]: null } } });
    expect(status).toBe(200);
    expect(await stored("Pod", name)).toBeUndefined();
  });

  test.for(["pods/binding", "bindings"])(
    "a Binding that is posted to %s: its annotations become the Pod's",
    async (to) => {
      const post = async (who: string, name: string, identity?: string) => {
        const path = to === "bindings" ? bindings(namespace) : `${kinds.Pod.collection(namespace)}/${name}/binding`;
        return plane.api(plane.user(who), { method: "POST", path, body: binding(name, identity) });
      };
      const name = await made("Pod");
      for (const who of ["stranger", "alice"]) {
        const { status, body } = await post(who, name, "carl");
        expect({ who, status, message: body.message }).toEqual({
          who,
          status: 422,
          message: expect.stringContaining(`metadata.annotations["${key}"]`),
        });
      }
      expect(await stored("Pod", name)).toBeUndefined();
      const before = guard.calls().length;
      expect((await post("stranger", name)).status).toBe(201);
      expect(guard.calls().length).toBe(before);
    },
  );

  test("a Binding as kubectl prints its refusal", async () => {
    const name = await made("Pod");
    const args = ["create", "--raw", `${kinds.Pod.collection(namespace)}/${name}/binding`, "-f", "-"];
    const { stderr, code } = await plane.kubectl(plane.user("stranger"), args, { stdin: binding(name, "carl") });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      what === "the function"
        ? /^The Binding "pod-\d+" is invalid: metadata\.annotations\["example\.com\/run-as"\]: must not be in a Binding, because pods\/binding may store it in the object; leave it out\n$/
        : /ValidatingAdmissionPolicy '.*' with binding '.*' denied request: metadata\.annotations\["example\.com\/run-as"\] must not be in an object of another kind than pods; leave it out\n$/,
    );
  });

  test("an Eviction with the annotation is refused, and one without it causes no call", async () => {
    const name = await made("Pod", "carl");
    const path = `${kinds.Pod.collection(namespace)}/${name}/eviction`;
    const post = (body: object) => plane.api(plane.user("stranger"), { method: "POST", path, body });
    expect((await post(eviction(name, "carl"))).status).toBe(422);
    const { result, calls } = await counted(() => post(eviction(name)));
    expect([result.status, calls]).toEqual([201, 0]);
  });

  test("a Scale with the annotation is refused, and one without it causes no call", async () => {
    const name = await made("Deployment", "carl");
    const patch = (body: object) => merge("stranger", "Deployment", name, "/scale", body);
    const { result, calls } = await counted(() => patch({ spec: { replicas: 2 } }));
    expect([result.status, calls]).toEqual([200, 0]);
    expect(await stored("Deployment", name)).toBe("carl");
    // The API server drops the annotations of a Scale before it validates the Scale, so the validating webhook does not see them.
    expect((await patch({ metadata: { annotations: { [key]: "bob" } }, spec: { replicas: 3 } })).status).toBe(200);
    expect(await stored("Deployment", name)).toBe("carl");
  });

  test.for([
    { kind: "Pod" as const, subresource: "/ephemeralcontainers", part: {} },
    { kind: "Pod" as const, subresource: "/resize", part: {} },
    { kind: "MustacheTemplate" as const, subresource: "/status", part: { status: { phase: "x" } } },
  ])("$kind$subresource stores no annotation, and nothing is refused", async ({ kind, subresource, part }) => {
    const name = await made(kind, "carl");
    const body = { metadata: { annotations: { [key]: "bob" } }, ...part };
    const { result, calls } = await counted(() => merge("stranger", kind, name, subresource, body));
    expect([result.status, calls]).toEqual([200, 0]);
    expect(await stored(kind, name)).toBe("carl");
  });

  test("an edit of the object's labels or annotations is judged only where it changes the identity", async () => {
    const name = await made("Deployment", "carl");
    expect((await merge("stranger", "Deployment", name, "", { metadata: { labels: { a: "b" } } })).status).toBe(200);
    const { status } = await merge("stranger", "Deployment", name, "", { metadata: { annotations: { [key]: "bob" } } });
    expect(status).toBe(403);
    expect(await stored("Deployment", name)).toBe("carl");
  });
});

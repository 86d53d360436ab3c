import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { actingAs, type Caller } from "./harness/caller.ts";
import { defineCustomResource } from "./world/custom-resource.ts";
import { bothGuards, type Guard, installFunction, type Probe } from "./world/install-policy.ts";
import { makeNamespace } from "./world/namespace.ts";

/*
 * A version without the status subresource stores its status with the object: every user who may edit the object may write the status that
 * its controller acts on.
 */

const plane = connect(inject("connection"));
const controller = "system:serviceaccount:flows:controller";

const callerOf = (who: string): Caller =>
  who === "the controller" ? actingAs(plane.user("admin"), controller) : plane.user(who);

const collection = (namespace: string, plural: string, version: string): string =>
  `/apis/flows.example/${version}/namespaces/${namespace}/${plural}`;

const objectOf = (kind: string, version: string, name: string, more: object) => ({
  apiVersion: `flows.example/${version}`,
  kind,
  metadata: { name },
  ...more,
});

const merge = (who: string, path: string, body: unknown) =>
  plane.api(callerOf(who), { method: "PATCH", path, body, contentType: "application/merge-patch+json" });

beforeAll(async () => {
  await defineCustomResource(plane, {
    plural: "bareflows",
    kind: "BareFlow",
    versions: [{ name: "v1", statusSubresource: false }],
  });
  // The older version has a status subresource, the newer one has none.
  await defineCustomResource(plane, {
    plural: "mixedflows",
    kind: "MixedFlow",
    versions: [
      { name: "v1", statusSubresource: true },
      { name: "v2", statusSubresource: false },
    ],
  });
});

const target = {
  group: "flows.example",
  versions: ["*"],
  resources: ["bareflows", "mixedflows"],
  fields: ["spec.user"],
  statusPaths: ["status.children"],
  statusWriters: [controller],
  onForbidden: "deny",
  onEmpty: "deny",
};
const probe = (user: string): Probe => ({
  who: "stranger",
  collection: collection("default", "bareflows", "v1"),
  object: objectOf("BareFlow", "v1", "probe", { spec: { user } }),
});

describe.each(bothGuards(plane, { name: "flows", targets: [target] }, probe("stranger"), [probe("carl")]))(
  "a status that is stored with its object, guarded by $by",
  ({ by, install }) => {
    const namespace = `stored-status-by-${by.split(" ").at(-1)}`;
    let guard: Guard;
    let objects = 0;

    beforeAll(async () => {
      await makeNamespace(plane, namespace);
      guard = await install();
    });
    afterAll(() => guard?.uninstall());

    const kinds = { bareflows: "BareFlow", mixedflows: "MixedFlow" };
    /** An object that runs as alice, by its path in a version. */
    const made = async (plural: keyof typeof kinds, version: string): Promise<string> => {
      const name = `flow-${objects++}`;
      const body = objectOf(kinds[plural], version, name, { spec: { user: "alice" }, status: { phase: "new" } });
      const path = collection(namespace, plural, version);
      const { status, text } = await plane.api(plane.user("alice"), { method: "POST", path, body });
      if (status !== 201) throw new Error(text);
      return `${path}/${name}`;
    };
    const storedAt = async (path: string) => (await plane.api(plane.user("admin"), { path })).body;
    const counted = async <T>(action: () => Promise<T>) => {
      const before = guard.calls().length;
      return { result: await action(), calls: guard.calls().length - before };
    };

    const children = { "/api/v1/namespaces/kube-system/secrets/token": { kept: "no" } };
    const rows = [
      { who: "stranger", change: { status: { children } }, code: 403 },
      { who: "stranger", change: { status: { phase: "mine" } }, code: 403 },
      { who: "stranger", change: { status: null }, code: 403 },
      { who: "stranger", change: { metadata: { labels: { team: "a" } } }, code: 200 },
      { who: "alice", change: { status: { children } }, code: 200 },
      { who: "admin", change: { status: { children } }, code: 200 },
      { who: "the controller", change: { status: { children, phase: "done" } }, code: 200 },
      { who: "the controller", change: { status: { children }, metadata: { labels: { a: "b" } } }, code: 200 },
      { who: "the controller", change: { spec: { user: "alice", steps: [] } }, code: 403 },
      { who: "the controller", change: { status: { children }, spec: { steps: [] } }, code: 403 },
      { who: "the controller", change: { status: { children }, data: {} }, code: 403 },
      { who: "the controller", change: { spec: { user: "bob" } }, code: 403 },
    ];
    const places = [
      { plural: "bareflows", version: "v1" },
      { plural: "mixedflows", version: "v2" },
    ] as const;

    test.for(places.flatMap((place) => rows.map((row) => ({ ...row, ...place, what: JSON.stringify(row.change) }))))(
      "$plural $version: $who changes $what: $code",
      async ({ plural, version, who, change, code }) => {
        const path = await made(plural, version);
        const before = await storedAt(path);
        const { status, body } = await merge(who, path, change);
        expect({ status, message: body.message }).toEqual({
          status: code,
          message: code === 200 ? undefined : expect.stringContaining("spec.user"),
        });
        const { spec, status: after } = await storedAt(path);
        if (code === 403) expect([spec, after]).toEqual([before.spec, before.status]);
        else expect(spec).toEqual(before.spec);
      },
    );

    test.for(places)(
      "$plural $version: a status write of the controller causes no call",
      async ({ plural, version }) => {
        const path = await made(plural, version);
        const { result, calls } = await counted(() => merge("the controller", path, { status: { children } }));
        expect([result.status, calls]).toEqual([200, 0]);
        expect((await storedAt(path)).status).toEqual({ phase: "new", children });
      },
    );

    test("mixedflows.v1: a write of the object does not store the status, and a stranger's attempt causes no call", async () => {
      const path = await made("mixedflows", "v1");
      const { result, calls } = await counted(() => merge("stranger", path, { status: { children } }));
      expect([result.status, calls]).toEqual([200, 0]);
      expect((await storedAt(path)).status).toBeUndefined();
    });

    test.for([
      { who: "stranger", status: { children }, code: 403 },
      { who: "stranger", status: { phase: "seen" }, code: 200 },
      { who: "alice", status: { children }, code: 200 },
      { who: "the controller", status: { children }, code: 200 },
    ])("mixedflows.v1/status: $who writes $status: $code", async ({ who, status, code }) => {
      const path = await made("mixedflows", "v1");
      expect((await merge(who, `${path}/status`, { status })).status).toBe(code);
      expect((await storedAt(path)).status).toEqual(code === 200 ? status : undefined);
    });

    test("a number that CEL compares as equal counts as a change", async () => {
      const path = await made("bareflows", "v1");
      const number = (who: string, text: string) => merge(who, path, `{"status":{"children":{"a":${text}}}}`);
      expect((await number("alice", "9007199254740993")).status).toBe(200);
      expect((await number("stranger", "9007199254740992.0")).status).toBe(403);
    });

    test("a user who creates an object with a status runs it as themself", async () => {
      const path = collection(namespace, "bareflows", "v1");
      const create = (user: string) => {
        const body = objectOf("BareFlow", "v1", `flow-${objects++}`, { spec: { user }, status: { children } });
        return plane.api(plane.user("stranger"), { method: "POST", path, body });
      };
      expect((await create("stranger")).status).toBe(201);
      expect((await create("alice")).status).toBe(403);
    });

    test("while the function is down, the controller can write its status, and other users cannot", async () => {
      const [path, other] = [await made("bareflows", "v1"), await made("mixedflows", "v1")];
      await guard.stop();
      expect((await merge("the controller", path, { status: { children } })).status).toBe(200);
      expect((await merge("the controller", `${other}/status`, { status: { children } })).status).toBe(200);
      const refused = by === "the function" ? 500 : 403;
      expect((await merge("stranger", path, { status: { phase: "mine" } })).status).toBe(refused);
      expect((await merge("stranger", path, { metadata: { labels: { a: "b" } } })).status).toBe(200);
    });
  },
);

/** As in Argo Workflows: the controller executes the specification that it stores in the status. */
describe("a field in the status", () => {
  const namespace = "argo-like";
  const at = "status.storedWorkflowTemplateSpec.serviceAccountName";
  const policy = {
    name: "argo",
    targets: [
      {
        group: "flows.example",
        versions: ["v1"],
        resources: ["bareflows"],
        fields: ["spec.serviceAccountName", at].map((path) => ({ path, serviceAccount: "name" })),
        statusWriters: [controller],
        onForbidden: "deny",
        onEmpty: "allow",
        emptyIsUnprivileged: true,
      },
    ],
  };
  let guard: Guard;
  let objects = 0;
  const path = collection(namespace, "bareflows", "v1");
  const running = (account: string) => ({ storedWorkflowTemplateSpec: { serviceAccountName: account } });

  const create = async (who: string, more: object) => {
    const name = `flow-${objects++}`;
    const body = objectOf("BareFlow", "v1", name, more);
    return { at: `${path}/${name}`, ...(await plane.api(callerOf(who), { method: "POST", path, body })) };
  };

  beforeAll(async () => {
    await makeNamespace(plane, namespace);
    const object = objectOf("BareFlow", "v1", "probe", {});
    const passes = { who: "stranger", collection: collection("default", "bareflows", "v1"), object };
    guard = await installFunction(plane, policy, [passes]);
  });
  afterAll(() => guard?.uninstall());

  test.for([
    { who: "stranger", more: { status: running("deployer") }, code: 403 },
    { who: "stranger", more: { status: { storedWorkflowTemplateSpec: { serviceAccountName: 5 } } }, code: 422 },
    { who: "stranger", more: { status: { phase: "x" } }, code: 201 },
    { who: "editor", more: { status: running("deployer") }, code: 201 },
    { who: "editor", more: { spec: { serviceAccountName: "deployer" }, status: running("builder") }, code: 201 },
    // The controller has no exemption when it creates an object.
    { who: "the controller", more: { status: running("deployer") }, code: 403 },
  ])("$who creates an object with $more: $code", async ({ who, more, code }) => {
    const { status, body } = await create(who, more);
    expect(status).toBe(code);
    if (code >= 400) expect(body.message).toContain(at);
  });

  test.for([
    { who: "stranger", status: running("builder"), code: 403 },
    { who: "stranger", status: { phase: "mine" }, code: 403 },
    { who: "editor", status: running("builder"), code: 200 },
    { who: "the controller", status: running("builder"), code: 200 },
  ])("$who changes the status of an object that runs as deployer to $status: $code", async ({ who, status, code }) => {
    const made = await create("editor", { spec: { serviceAccountName: "deployer" } });
    expect(made.status).toBe(201);
    const before = guard.calls().length;
    expect((await merge(who, made.at, { status })).status).toBe(code);
    if (who === "the controller") expect(guard.calls().length).toBe(before);
    const { body } = await plane.api(plane.user("admin"), { path: made.at });
    expect(body.status).toEqual(code === 200 ? status : undefined);
  });
});

import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { annotationsOf } from "./world/annotations.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { create, identityOf, pathOf, template } from "./world/objects.ts";
import { installRewriter, type RewriterOptions } from "./world/rewriter.ts";
import { field, replacedWarning } from "./world/sentences.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "other-webhooks";

let webhook: InstalledWebhook;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  webhook = await installWebhook(plane, { counting: true });
});
afterAll(() => webhook?.uninstall());

/** Creates an object while a second webhook rewrites its field. Returns the result, and how often each webhook was called. */
const createBeside = async (rewriter: Omit<RewriterOptions, "namespace">, who: string, declared?: string) => {
  const other = await installRewriter(plane, { ...rewriter, namespace });
  const name = `row-${rewriter.name}-${rewriter.reinvocationPolicy.toLowerCase()}-${who}-${declared ?? "empty"}-${String(rewriter.writes) || "empty"}`;
  try {
    const object = template(namespace, name, declared);
    const mark = plane.auditMark();
    const { status, body, warnings } = await create(plane, plane.user(who), object);
    const calls = webhook.calls().filter(({ request }) => request.name === name);
    const count = (endpoint: string) => calls.filter((call) => call.endpoint === endpoint).length;
    const { status: read } = await plane.api(plane.user("admin"), { path: pathOf(object) });
    return {
      status,
      stored: read === 200 ? await identityOf(plane, object) : undefined,
      message: status === 201 ? undefined : body.message,
      warnings,
      annotations: await annotationsOf(plane, webhook, mark, name),
      calls: { rewriter: other.callsFor(name), mutate: count("mutate"), validate: count("validate") },
    };
  } finally {
    await other.uninstall();
  }
};

const refusedRoot = (who: string): string =>
  `admission webhook "${webhook.names.validate}" denied the request: ${field}: ${who} may not impersonate "root"; ` +
  `set it to "${who}", or get the permission to impersonate users/root`;

test("a webhook before ours that writes an identity: the requester takes its place", async () => {
  const rewriter = { name: "a-rewriter", reinvocationPolicy: "Never", writes: "root" } as const;
  expect(await createBeside(rewriter, "bob")).toMatchObject({
    status: 201,
    stored: "bob",
    message: undefined,
    warnings: [replacedWarning("root", "bob")],
    calls: { rewriter: 1, mutate: 1, validate: 1 },
  });
});

test("a webhook before ours that is called again: ours is called after it again", async () => {
  const rewriter = { name: "a-rewriter", reinvocationPolicy: "IfNeeded", writes: "root" } as const;
  expect(await createBeside(rewriter, "bob")).toMatchObject({
    status: 201,
    stored: "bob",
    message: undefined,
    warnings: [replacedWarning("root", "bob")],
    calls: { rewriter: 2, mutate: 2, validate: 1 },
    annotations: {
      mutate: { decision: "replaced", reason: "forbidden", requester: "bob", declared: "root", effective: "bob" },
      validate: { decision: "self", reason: "requester", requester: "bob", declared: "bob", effective: "bob" },
    },
  });
});

test("a webhook after ours that writes an identity: ours is called again and corrects it", async () => {
  const rewriter = { name: "z-rewriter", reinvocationPolicy: "Never", writes: "root" } as const;
  expect(await createBeside(rewriter, "bob")).toMatchObject({
    status: 201,
    stored: "bob",
    message: undefined,
    warnings: [replacedWarning("root", "bob")],
    calls: { rewriter: 1, mutate: 2, validate: 1 },
  });
});

test("a webhook that is called again after ours has the last word, and the validating call refuses it", async () => {
  const rewriter = { name: "z-rewriter", reinvocationPolicy: "IfNeeded", writes: "root" } as const;
  expect(await createBeside(rewriter, "bob")).toMatchObject({
    status: 403,
    stored: undefined,
    message: refusedRoot("bob"),
    calls: { rewriter: 2, mutate: 2, validate: 1 },
    annotations: {
      mutate: { decision: "defaulted", reason: "empty", requester: "bob", declared: "", effective: "bob" },
      validate: { decision: "denied", reason: "forbidden", requester: "bob", declared: "root", effective: "" },
    },
  });
});

test("the requester's own name spares our mutating call; the validating call refuses it once another webhook has rewritten it", async () => {
  const rewriter = { name: "z-rewriter", reinvocationPolicy: "Never", writes: "root" } as const;
  expect(await createBeside(rewriter, "bob", "bob")).toMatchObject({
    status: 403,
    stored: undefined,
    message: refusedRoot("bob"),
    warnings: [],
    calls: { rewriter: 1, mutate: 0, validate: 1 },
  });
});

test("a permitted identity spares our mutating call; the validating call judges it once another webhook has rewritten it", async () => {
  const rewriter = { name: "z-rewriter", reinvocationPolicy: "Never", writes: "root" } as const;
  expect(await createBeside(rewriter, "finn", "bob")).toMatchObject({
    status: 403,
    message: refusedRoot("finn"),
    calls: { rewriter: 1, mutate: 0, validate: 1 },
  });
  expect(await createBeside(rewriter, "alice", "bob")).toMatchObject({
    status: 201,
    stored: "root",
    calls: { rewriter: 1, mutate: 0, validate: 1 },
  });
});

test.for(["", "razeedeploy", "false"])(
  "the requester's own name, rewritten to %j, which means the controller, is refused",
  async (writes) => {
    const rewriter = { name: "z-rewriter", reinvocationPolicy: "Never", writes } as const;
    expect(await createBeside(rewriter, "bob", "bob")).toMatchObject({
      status: 403,
      stored: undefined,
      message: expect.stringContaining(`admission webhook "${webhook.names.validate}" denied the request: ${field}`),
      calls: { rewriter: 1, mutate: 0, validate: 1 },
    });
  },
);

describe("with reinvocationPolicy Never on our webhook, the validating call still has the last word", () => {
  const registered = async (reinvocationPolicy: "Never" | "IfNeeded"): Promise<void> => {
    const path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations";
    const admin = plane.user("admin");
    const { body: list } = await plane.api(admin, { path });
    const ours = list.items.find(({ webhooks }: { readonly webhooks: readonly { readonly name: string }[] }) =>
      webhooks.some(({ name }) => name === webhook.names.mutate),
    );
    const { status, text } = await plane.api(admin, {
      method: "PATCH",
      path: `${path}/${ours.metadata.name}`,
      body: [{ op: "replace", path: "/webhooks/0/reinvocationPolicy", value: reinvocationPolicy }],
      contentType: "application/json-patch+json",
    });
    if (status !== 200) throw new Error(text);
  };
  // The rewriter is registered after this change, and the API server sees both in that order.
  beforeAll(() => registered("Never"));
  afterAll(() => registered("IfNeeded"));

  test("a webhook before ours: the requester takes its place", async () => {
    const rewriter = { name: "a-rewriter", reinvocationPolicy: "Never", writes: "root" } as const;
    expect(await createBeside(rewriter, "carl")).toMatchObject({
      status: 201,
      stored: "carl",
      warnings: [replacedWarning("root", "carl")],
      calls: { rewriter: 1, mutate: 1, validate: 1 },
    });
  });

  test.for([
    { place: "a webhook before ours, called again", name: "a-rewriter", again: "IfNeeded", rewritten: 2 },
    { place: "a webhook after ours", name: "z-rewriter", again: "Never", rewritten: 1 },
    // No webhook changes the object after it, so the API server does not call it again.
    { place: "a webhook after ours with IfNeeded", name: "z-rewriter", again: "IfNeeded", rewritten: 1 },
  ] as const)("$place is refused", async ({ name, again, rewritten }) => {
    expect(await createBeside({ name, reinvocationPolicy: again, writes: "root" }, "carl")).toMatchObject({
      status: 403,
      stored: undefined,
      message: refusedRoot("carl"),
      calls: { rewriter: rewritten, mutate: 1, validate: 1 },
      annotations: {
        validate: { decision: "denied", reason: "forbidden", requester: "carl", declared: "root", effective: "" },
      },
    });
  });
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});

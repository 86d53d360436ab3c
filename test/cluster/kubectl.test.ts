import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { created, identityOf, pathOf, stored, template } from "./world/objects.ts";
import { field, inheritedWarning, printed, replacedWarning } from "./world/sentences.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "kubectl";
const kind = "mustachetemplate.deploy.razee.io";
let webhook: InstalledWebhook;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

const run = (who: string, args: readonly string[], stdin?: unknown, env: Readonly<Record<string, string>> = {}) =>
  plane.kubectl(plane.user(who), args, { stdin, env });

test("a dry run on the server decides the same and stores nothing", async () => {
  const object = template(namespace, "dry", "carl");
  const args = ["create", "--dry-run=server", "-f", "-"];
  expect(await run("bob", args, object)).toEqual({
    stdout: `${kind}/dry created (server dry run)\n`,
    stderr: printed(replacedWarning("carl", "bob")),
    code: 0,
  });
  const shown = await run("bob", [...args, "-o", `jsonpath={.${field}}`], object);
  expect(shown.stdout).toBe("bob");
  expect((await plane.api(plane.user("admin"), { path: pathOf(object) })).status).toBe(404);
});

test("kubectl apply, twice: the second apply changes nothing", async () => {
  const object = template(namespace, "applied");
  expect(await run("bob", ["apply", "-f", "-"], object)).toMatchObject({
    stdout: `${kind}/applied created\n`,
    stderr: "",
  });
  expect(await run("bob", ["apply", "-f", "-"], object)).toMatchObject({
    stdout: `${kind}/applied unchanged\n`,
    stderr: "",
  });
  expect(await identityOf(plane, object)).toBe("bob");
});

test("kubectl apply of a forbidden identity, twice: it is replaced with a warning each time", async () => {
  const object = template(namespace, "applied-forbidden", "carl");
  const [name, stderr] = [`${kind}/applied-forbidden`, printed(replacedWarning("carl", "bob"))];
  expect(await run("bob", ["apply", "-f", "-"], object)).toMatchObject({ stdout: `${name} created\n`, stderr });
  expect(await run("bob", ["apply", "-f", "-"], object)).toMatchObject({ stdout: `${name} configured\n`, stderr });
  expect(await identityOf(plane, object)).toBe("bob");
});

describe("server-side apply", () => {
  test.for([
    { name: "ssa-empty", declared: undefined, stderr: "" },
    { name: "ssa-own", declared: "bob", stderr: "" },
    { name: "ssa-forbidden", declared: "carl", stderr: printed(replacedWarning("carl", "bob")) },
  ])("of $declared is stable when it is repeated", async ({ name, declared, stderr }) => {
    const object = template(namespace, name, declared);
    const apply = () => run("bob", ["apply", "--server-side", "-f", "-"], object);
    const done = { stdout: `${kind}/${name} serverside-applied\n`, stderr, code: 0 };
    expect(await apply()).toEqual(done);
    const first = await stored(plane, object);
    expect(first.spec.clusterAuth.impersonateUser).toBe("bob");
    expect(await apply()).toEqual(done);
    expect((await stored(plane, object)).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  test("is not disturbed by a label of another user in between", async () => {
    const object = template(namespace, "ssa-shared");
    const apply = () => run("bob", ["apply", "--server-side", "-f", "-"], object);
    await apply();
    await run("carl", ["label", "mustachetemplate", "ssa-shared", "-n", namespace, "team=a"]);
    expect(await identityOf(plane, object)).toBe("bob");
    expect(await apply()).toMatchObject({ stderr: "", code: 0 });
    expect(await identityOf(plane, object)).toBe("bob");
  });
});

test("kubectl patch --type merge", async () => {
  const object = template(namespace, "patched");
  await created(plane, plane.user("bob"), object);
  const patch = JSON.stringify({ spec: { clusterAuth: { impersonateUser: "carl" }, strTemplates: ["a: 1"] } });
  const args = ["patch", "mustachetemplate", "patched", "-n", namespace, "--type", "merge", "-p", patch];
  expect(await run("bob", args)).toEqual({
    stdout: `${kind}/patched patched\n`,
    stderr: printed(replacedWarning("carl", "bob")),
    code: 0,
  });
  expect((await stored(plane, object)).spec).toEqual({
    clusterAuth: { impersonateUser: "bob" },
    strTemplates: ["a: 1"],
  });
});

test("kubectl patch --type json that removes the identity", async () => {
  const object = template(namespace, "patched-away", "bob");
  await created(plane, plane.user("alice"), object);
  const patch = JSON.stringify([{ op: "remove", path: "/spec/clusterAuth/impersonateUser" }]);
  const args = ["patch", "mustachetemplate", "patched-away", "-n", namespace, "--type", "json", "-p", patch];
  expect(await run("carl", args)).toEqual({ stdout: `${kind}/patched-away patched\n`, stderr: "", code: 0 });
  expect(await identityOf(plane, object)).toBe("carl");
});

test("kubectl edit by another user sets the identity to that user", async () => {
  const object = template(namespace, "edited", "alice", { strTemplates: ["a: 1"] });
  await created(plane, plane.user("alice"), object);
  const editor = join(plane.connection.folder, "editor.sh");
  writeFileSync(editor, '#!/bin/sh\nsed \'s/a: 1/a: 2/\' "$1" > "$1.new" && mv "$1.new" "$1"\n', { mode: 0o700 });
  const args = ["edit", "mustachetemplate", "edited", "-n", namespace];
  expect(await run("bob", args, "", { KUBE_EDITOR: editor })).toEqual({
    stdout: `${kind}/edited edited\n`,
    stderr: printed(inheritedWarning("alice", "bob")),
    code: 0,
  });
  expect((await stored(plane, object)).spec).toEqual({
    clusterAuth: { impersonateUser: "bob" },
    strTemplates: ["a: 2"],
  });
});

test("--warnings-as-errors fails the command, and the object is stored all the same", async () => {
  const object = template(namespace, "warned", "carl");
  const { stderr, code } = await run("bob", ["create", "--warnings-as-errors", "-f", "-"], object);
  expect({ stderr, code }).toEqual({
    stderr: `${printed(replacedWarning("carl", "bob"))}error: 1 warning received\n`,
    code: 1,
  });
  expect(await identityOf(plane, object)).toBe("bob");
});

describe("a value that cannot be a username is refused", () => {
  test.for([
    { name: "number", declared: 5, message: "must be a string, not the number 5" },
    { name: "boolean", declared: false, message: "must be a string, not the boolean false" },
    { name: "list", declared: ["bob"], message: "must be a string, not a list" },
    { name: "object", declared: {}, message: "must be a string, not an object" },
    {
      name: "non-latin",
      declared: "bob\u5c71",
      message: '"bob\u5c71" is not printable ASCII without spaces at its ends and would not survive an HTTP header',
    },
    {
      name: "edge-space",
      declared: " bob",
      message: '" bob" is not printable ASCII without spaces at its ends and would not survive an HTTP header',
    },
    {
      name: "bidi",
      declared: "bob\u202e",
      message: '"bob\\u202e" is not printable ASCII without spaces at its ends and would not survive an HTTP header',
    },
  ])("$name", async ({ name, declared, message }) => {
    const object = template(namespace, name, declared);
    expect(await run("admin", ["create", "-f", "-"], object)).toEqual({
      stdout: "",
      stderr: `The MustacheTemplate "${name}" is invalid: ${field}: ${message}\n`,
      code: 1,
    });
  });
});

test("an object that has no name yet is refused by its kind", async () => {
  const { metadata, ...rest } = template(namespace, "", 5);
  const object = { ...rest, metadata: { namespace: metadata.namespace, generateName: "generated-" } };
  expect(await run("admin", ["create", "-f", "-"], object)).toEqual({
    stdout: "",
    stderr: `The MustacheTemplate "" is invalid: ${field}: must be a string, not the number 5\n`,
    code: 1,
  });
});

test("a requester whose name would not survive a header is refused where that name would be written", async () => {
  const why =
    'would be set to "zo\u00eb", which is not printable ASCII without spaces at its ends and would not survive an HTTP header';
  for (const declared of [undefined, "carl"]) {
    const { stderr, code } = await run("zo\u00eb", ["create", "-f", "-"], template(namespace, "zoe", declared));
    expect({ stderr, code }).toEqual({
      stderr: `The MustacheTemplate "zoe" is invalid: ${field}: ${why}; declare another identity\n`,
      code: 1,
    });
  }
});

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});

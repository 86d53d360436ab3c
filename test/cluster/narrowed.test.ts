import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { actingAs, type Caller } from "./harness/caller.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { create, identityOf, template } from "./world/objects.ts";
import { field } from "./world/sentences.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "narrowed";
const key = "scopes.authorization.openshift.io";

let webhook: InstalledWebhook;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

/** A user with a credential like OpenShift's scoped tokens: the username, and an extra key that lists the scopes of the token. */
const scoped = (user: string): Caller => actingAs(plane.user("admin"), user, { extra: { [key]: "user:info" } });

test.for([undefined, "", "bob", "carl"])(
  "a scoped token that would grant all permissions of its user is refused: declaring %j",
  async (declared) => {
    const { status, body } = await create(plane, scoped("bob"), template(namespace, "refused", declared));
    expect({ status, message: body.message }).toEqual({
      status: 403,
      message:
        `admission webhook "${webhook.names.mutate}" denied the request: ` +
        `${field} would grant all rights of "bob", but this token is limited by ${key}; use an unscoped token`,
    });
  },
);

test.for([
  { declared: undefined, stored: "alice" },
  { declared: "alice", stored: "alice" },
  { declared: "bob", stored: "bob" },
])(
  "a user who may impersonate themself may do so with a scoped token, too: declaring $declared",
  async ({ declared, stored }) => {
    const object = template(namespace, `allowed-${declared ?? "empty"}`, declared);
    expect((await create(plane, scoped("alice"), object)).status).toBe(201);
    expect(await identityOf(plane, object)).toBe(stored);
  },
);

test("no stored object named an identity that its last writer may not impersonate", async () => {
  expect(await brokenPromises(plane, namespace)).toEqual([]);
});

import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { connect } from "./control-plane.ts";
import { actingAs, type Caller } from "./harness/caller.ts";
import { makeNamespace, serviceAccount } from "./world/namespace.ts";
import { created, identityOf, template } from "./world/objects.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const namespace = "same-answer";
const account = (name: string, of = namespace): string => `system:serviceaccount:${of}:${name}`;

const people = ["admin", "razeedeploy-sa", "alice", "dora", "finn", "bob", "nsadmin", "editor", "stranger"] as const;
const identities = [
  "carl",
  "bob",
  "Bob",
  "system:admin",
  "system:kube-controller-manager",
  "system:node:node-1",
  "*",
  account("deployer"),
  account("does-not-exist"),
  account("deployer", "kube-system"),
  "system:serviceaccount:A_B:c",
  "system:serviceaccount:a",
  "system:serviceaccount:a:b:c",
];

let webhook: InstalledWebhook;
let builder: Caller;

beforeAll(async () => {
  await makeNamespace(plane, namespace);
  builder = await serviceAccount(plane, namespace, "builder");
  webhook = await installWebhook(plane);
});
afterAll(() => webhook?.uninstall());

/** Whether the API server lets a user act as another identity: found by impersonating it, not by a SubjectAccessReview. */
const canActAs = async (caller: Caller, identity: string): Promise<boolean> => {
  const { status, text } = await plane.api(actingAs(caller, identity), {
    method: "POST",
    path: "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    body: { apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" },
  });
  if (status !== 201 && status !== 403) throw new Error(text);
  return status === 201;
};

test.for([...people, "builder"])(
  "%s may name exactly the identities that the API server lets them impersonate",
  async (who) => {
    const caller = who === "builder" ? builder : plane.user(who);
    const own = who === "builder" || who === "razeedeploy-sa" ? undefined : who;
    for (const [index, identity] of identities.filter((each) => each !== own).entries()) {
      const object = template(namespace, `${who}-${index}`, identity);
      await created(plane, caller, object);
      const stays = (await identityOf(plane, object)) === identity;
      expect({ identity, stays }).toEqual({ identity, stays: await canActAs(caller, identity) });
    }
  },
);

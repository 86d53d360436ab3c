import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { admissionPolicies } from "../../lib/manifests/index.ts";
import { readPolicy } from "../../lib/policy/index.ts";
import { connect } from "./control-plane.ts";
import { applied } from "./world/applied.ts";
import { brokenPromises } from "./world/invariant.ts";
import { makeNamespace } from "./world/namespace.ts";
import { type ApiObject, create, identityOf, pathOf, razee, template } from "./world/objects.ts";
import { policiesInForce } from "./world/policies-in-force.ts";
import { until } from "./world/until.ts";
import { type InstalledWebhook, installWebhook } from "./world/webhook.ts";

const plane = connect(inject("connection"));
const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });

const people = [
  "admin",
  "razeedeploy-sa",
  "alice",
  "dora",
  "finn",
  "bob",
  "nsadmin",
  "editor",
  "stranger",
  "razeedeploy",
  "zo\u00eb",
];
const schemaless = (namespace: string, name: string, spec: unknown) => razee("FeatureFlagSetLD", namespace, name, spec);

type Draft = (namespace: string, name: string, me: string) => ApiObject;
const declares =
  (value: unknown): Draft =>
  (namespace, name) =>
    template(namespace, name, value);

/** The created objects; each is made for the username of its creator. */
const drafts: Readonly<Record<string, Draft>> = {
  "another user": declares("carl"),
  "a user that a grant by name allows": declares("bob"),
  "nothing at all": (namespace, name) => template(namespace, name),
  "an empty name": declares(""),
  "their own name": (namespace, name, me) => template(namespace, name, me),
  "a service account of the namespace": (namespace, name) =>
    template(namespace, name, `system:serviceaccount:${namespace}:deployer`),
  "a service account of another namespace": declares("system:serviceaccount:kube-system:deployer"),
  "a name that is almost a service account's": declares("system:serviceaccount:a:b:c"),
  "the controller": declares("razeedeploy"),
  "the controller, by its other name": declares("false"),
  "a name that no header carries": declares("bob\u5c71"),
  "a space at the end": declares("bob "),
  "a number, without a schema": (namespace, name) =>
    schemaless(namespace, name, { clusterAuth: { impersonateUser: 5 } }),
  "a list, without a schema": (namespace, name) =>
    schemaless(namespace, name, { clusterAuth: { impersonateUser: ["bob"] } }),
  "null, without a schema": (namespace, name) =>
    schemaless(namespace, name, { clusterAuth: { impersonateUser: null } }),
  "a parent that is null": (namespace, name) => schemaless(namespace, name, { clusterAuth: null }),
  "a parent that is a string": (namespace, name) => schemaless(namespace, name, { clusterAuth: "bob" }),
  "a parent that is a list": (namespace, name) => schemaless(namespace, name, { clusterAuth: [] }),
};

/** The identity in the stored object, or that the object was refused. */
const results = async (namespace: string): Promise<Readonly<Record<string, unknown>>> => {
  await makeNamespace(plane, namespace);
  const entries: [string, unknown][] = [];
  for (const who of people)
    for (const [index, [what, draft]] of Object.entries(drafts).entries()) {
      const caller = plane.user(who);
      const object = draft(
        namespace,
        `${people.indexOf(who)}-${index}`,
        who === "razeedeploy-sa" ? "system:serviceaccount:razeedeploy:razeedeploy-sa" : who,
      );
      const { status, text } = await create(plane, caller, object);
      if (status !== 201 && status !== 403 && status !== 422) throw new Error(`${who}, ${what}: ${text}`);
      const identity =
        status === 201 ? String(await identityOf(plane, object)).replaceAll(namespace, "NAMESPACE") : "refused";
      entries.push([`${who} declares ${what}`, identity]);
    }
  return Object.fromEntries(entries);
};

const [, , validating] = admissionPolicies(policy).map(({ metadata }) => metadata.name);
let probes = 0;

/** Whether the admission policies are in force. Without them the API server does not change this probe; a policy adds an annotation. */
const judgeNow = async (): Promise<boolean> => {
  const name = `twin-probe-${probes++}`;
  const mark = plane.auditMark();
  const { body } = await create(plane, plane.user("stranger"), template("default", name, "carl"), "?dryRun=All");
  const event = await until("the probe stands in the audit log", async () =>
    plane.auditEvents(mark).find(({ requestObject }) => requestObject?.metadata?.name === name),
  );
  // The webhook is not called where the mutating policy sets the field, so only the policy can have set it.
  const byPolicy = !Object.keys(event.annotations ?? {}).some(
    (key) => key.startsWith("mutate.") && key.endsWith("/decision"),
  );
  const isSet = body.spec?.clusterAuth?.impersonateUser === "stranger" && byPolicy;
  return isSet && event.annotations?.[`${validating}/declared`] === "stranger";
};

const removeTwins = async () => {
  const names = admissionPolicies(policy).map(({ kind, metadata }) => `${kind.toLowerCase()}/${metadata.name}`);
  await plane.kubectl(plane.user("admin"), ["delete", ...names]);
  await policiesInForce(plane);
  await until("the API server has forgotten the twins", async () => !(await judgeNow()));
};

let webhook: InstalledWebhook;
let byFunction: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  webhook = await installWebhook(plane);
  byFunction = await results("by-function");
});
afterAll(async () => {
  await webhook?.uninstall();
  await removeTwins();
});

test("admission policies beside the function decide as the function does", async () => {
  await applied(plane, admissionPolicies(policy));
  await policiesInForce(plane);
  await until("the API server judges by the twins", judgeNow);
  expect(await results("by-both")).toEqual(byFunction);
});

test("admission policies alone decide as the function does", async () => {
  await webhook.uninstall();
  expect(await results("by-twins")).toEqual(byFunction);
  expect(await brokenPromises(plane, "by-twins")).toEqual([]);
});

const patch = (who: string, object: ApiObject, body: unknown, subresource = "") =>
  plane.api(plane.user(who), {
    method: "PATCH",
    path: `${pathOf(object)}${subresource}`,
    body,
    contentType: "application/merge-patch+json",
  });

test("UPDATE: a label leaves the identity alone, an edit of the spec takes it over, a stranger's status.children are refused", async () => {
  const object = schemaless("by-twins", "edited", { clusterAuth: { impersonateUser: "alice" } });
  await create(plane, plane.user("alice"), object);
  expect((await patch("bob", object, { metadata: { labels: { a: "b" } } })).status).toBe(200);
  expect(await identityOf(plane, object)).toBe("alice");
  expect((await patch("bob", object, { status: { children: { x: {} } } }, "/status")).status).toBe(403);
  expect((await patch("bob", object, { status: { phase: "x" } }, "/status")).status).toBe(200);
  expect((await patch("bob", object, { spec: { greeting: "mine" } })).status).toBe(200);
  expect(await identityOf(plane, object)).toBe("bob");
});

test("a refusal as kubectl prints it", async () => {
  const { stderr, code } = await plane.kubectl(plane.user("stranger"), ["create", "-f", "-"], {
    stdin: JSON.stringify(template("by-twins", "printed", "bob ")),
  });
  expect({ stderr, code }).toEqual({
    stderr:
      "The mustachetemplates \"printed\" is invalid: : ValidatingAdmissionPolicy 'validate.remoteresources.deploy.razee.io.twin.impersonation-admission' with binding " +
      "'validate.remoteresources.deploy.razee.io.twin.impersonation-admission' denied request: spec.clusterAuth.impersonateUser must be printable ASCII without spaces at its ends, of 1024 characters at most\n",
    code: 1,
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from "vitest";
import { isLabelKey, isLabelValue } from "../../infra/command-line/kubernetes-syntax.ts";
import { yamlText } from "../../infra/command-line/yaml-text.ts";
import { bundleRows } from "../support/ca-bundles.ts";
import { runCommand } from "../support/command.ts";
import { yamlScalars } from "../support/yaml-scalars.ts";
import { connect } from "./control-plane.ts";
import { applied } from "./world/applied.ts";
import { type KeyedFunction, startKeyedFunction } from "./world/keyed-function.ts";
import { makeNamespace } from "./world/namespace.ts";
import { create, template } from "./world/objects.ts";
import { until } from "./world/until.ts";
import { webhookUser } from "./world/users.ts";

const plane = connect(inject("connection"));
const admin = plane.user("admin");
const folder = mkdtempSync(join(tmpdir(), "cluster-manifests-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("kubectl and the API server read our YAML as the values that were written", () => {
  /** The ConfigMap that the API server would store when kubectl applies our YAML. */
  const stored = async (object: object) => {
    const configMap = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "scalars" }, ...object };
    const args = ["create", "--dry-run=server", "-o", "json", "-f", "-"];
    const { stdout, stderr } = await plane.kubectl(admin, args, { stdin: yamlText([configMap]) });
    expect(stderr).toBe("");
    return JSON.parse(stdout);
  };
  const keyed = (texts: readonly string[]) => Object.fromEntries(texts.map((text) => [text, text]));
  const numbered = (texts: readonly string[]) => Object.fromEntries(texts.map((text, index) => [`key-${index}`, text]));

  test.each(Object.entries(yamlScalars))("%s, as values and as keys", async (_, texts) => {
    const labels = { ...numbered(texts.filter(isLabelValue)), ...keyed(texts.filter(isLabelKey)) };
    const data = {
      ...numbered(texts),
      ...keyed(texts.filter((text) => /^[-._a-zA-Z0-9]+$/.test(text) && !/^\.\.?/.test(text))),
    };
    const annotations = { ...numbered(texts), ...keyed(texts.filter(isLabelKey)) };
    const object = await stored({ metadata: { name: "scalars", labels, annotations }, data });
    expect(object.data).toEqual(data);
    expect([object.metadata.labels ?? {}, object.metadata.annotations]).toEqual([labels, annotations]);
  });
});

const names = "mutatingwebhookconfiguration,validatingwebhookconfiguration,clusterrole,clusterrolebinding";
const twinKinds =
  "validatingadmissionpolicy,validatingadmissionpolicybinding,mutatingadmissionpolicy,mutatingadmissionpolicybinding";
const ofOurs = async (kinds: string) =>
  (await plane.kubectl(admin, ["get", kinds, "-o", "name"])).stdout.match(/^.*impersonation-admission.*$/gm) ?? [];

/** Runs the README's command: prints the manifests and pipes them into kubectl. */
const piped = async (verb: "apply" | "delete", ...args: readonly string[]) => {
  const { status, stdout, stderr } = await runCommand("manifests", args);
  expect(status).toBe(0);
  const kubectl = await plane.kubectl(admin, [verb, "-f", "-"], { stdin: stdout });
  expect([kubectl.code, kubectl.stderr]).toEqual([0, ""]);
  return /^# to undo it: npm run -s manifests -- (.*) \| kubectl delete -f -$/m.exec(stderr)?.[1]?.split(" ") ?? [];
};

describe("manifests | kubectl", () => {
  let guard: KeyedFunction;
  beforeAll(async () => {
    const kubeconfig = join(folder, "webhook.kubeconfig");
    writeFileSync(kubeconfig, plane.kubeconfig(plane.user(webhookUser)), { mode: 0o600 });
    guard = await startKeyedFunction(kubeconfig);
    await makeNamespace(plane, "guarded-by-label");
    await plane.kubectl(admin, ["label", "namespace", "guarded-by-label", "guarded=yes"]);
  });
  afterAll(() => guard.stop());
  afterEach(async () => {
    await plane.kubectl(admin, ["delete", names, "--ignore-not-found", "impersonation-admission"]);
    await until("nothing is guarded", async () => (await identityIn("guarded-by-label")) === "carl");
  });

  const identityIn = async (namespace: string): Promise<unknown> => {
    const { body } = await create(plane, plane.user("stranger"), template(namespace, "probe", "carl"), "?dryRun=All");
    return body.spec?.clusterAuth?.impersonateUser ?? body.message;
  };
  const caFile = (pem: string): string => {
    const file = join(folder, "ca.pem");
    writeFileSync(file, pem);
    return file;
  };

  test("a namespace label that YAML 1.1 reads as a boolean guards those namespaces, and no others", async () => {
    const options = ["--url", guard.url, "--ca-bundle", caFile(guard.ca), "--asker", webhookUser];
    await piped("apply", ...options, "--namespace-label", "guarded=yes");
    await until("the label guards its namespace", async () => (await identityIn("guarded-by-label")) === "stranger");
    expect(await identityIn("default")).toBe("carl");
    await piped("apply", ...options);
    await until("all namespaces are guarded", async () => (await identityIn("default")) === "stranger");
  });

  test("the printed undo command deletes everything that was applied", async () => {
    const before = await ofOurs(names);
    const undo = await piped("apply", "--url", guard.url, "--ca-bundle", caFile(guard.ca));
    expect((await ofOurs(names)).length).toBe(before.length + 4);
    expect(undo.join(" ")).not.toContain(guard.key);
    await piped("delete", ...undo);
    expect(await ofOurs(names)).toEqual(before);
  });

  test("the same for admission policies, in namespaces with one label", async () => {
    const undo = await piped("apply", "--twins", "--namespace-label", "guarded=yes", "--failure-policy", "Ignore");
    expect((await ofOurs(twinKinds)).length).toBe(6);
    await until("the label guards its namespace", async () => (await identityIn("guarded-by-label")) === "stranger");
    expect(await identityIn("default")).toBe("carl");
    await piped("delete", ...undo);
    expect(await ofOurs(twinKinds)).toEqual([]);
    await until("nothing is guarded", async () => (await identityIn("guarded-by-label")) === "carl");
  });

  test.each(bundleRows)("a CA file with $what is either refused or makes a working webhook", async ({ pem }) => {
    const file = caFile(pem(guard.ca, "-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n"));
    const options = ["--url", guard.url, "--ca-bundle", file, "--asker", webhookUser];
    const { status, stdout, stderr } = await runCommand("manifests", options);
    if (status === 0) {
      await applied(plane, stdout);
      await until("the webhook answers", async () => (await identityIn("default")) === "stranger");
    } else expect([status, stderr]).toEqual([2, expect.stringMatching(/^--ca-bundle .* holds /)]);
  });
});

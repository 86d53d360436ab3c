import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { buildServer } from "../../infra/build/build-server.ts";
import { type Certificates, throwAwayCertificates } from "../../infra/local/certificates.ts";
import type { KubernetesObject } from "../../lib/manifests/index.ts";
import { runCommand } from "../support/command.ts";
import { connect } from "./control-plane.ts";
import { apiClient } from "./harness/api-client.ts";
import { freePorts } from "./harness/free-ports.ts";
import { type Guarded, startGuarded } from "./harness/guarded.ts";
import { kubeconfig, kubectlRunner } from "./harness/kubectl.ts";
import { applied } from "./world/applied.ts";
import { serviceAccount } from "./world/namespace.ts";
import { create, template } from "./world/objects.ts";
import { until } from "./world/until.ts";

const plane = connect(inject("connection"));
const admin = plane.user("admin");
const namespace = "doors";
const service = "impersonation-admission";
const folder = mkdtempSync(join(tmpdir(), "in-cluster-"));
const at = (name: string): string => join(folder, name);
let certificates: Certificates;

beforeAll(async () => {
  certificates = await throwAwayCertificates({ hosts: [`${service}.${namespace}.svc`, "127.0.0.1"] });
  writeFileSync(at("ca.pem"), certificates.ca);
  writeFileSync(
    at("own.yaml"),
    'name: own\ntargets:\n  - { group: deploy.razee.io, versions: ["*"], resources: [mustachetemplates], fields: [spec.clusterAuth.impersonateUser] }\n',
  );
  const restricted = Object.fromEntries(
    ["enforce", "warn", "audit"].map((mode) => [`pod-security.kubernetes.io/${mode}`, "restricted"]),
  );
  await applied(plane, [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: restricted } },
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "plain", namespace } },
  ]);
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The objects that `manifests --in-cluster` prints. */
const printed = async (...args: readonly string[]): Promise<readonly KubernetesObject[]> => {
  const { status, stdout, stderr } = await runCommand("manifests", ["--in-cluster", "--namespace", namespace, ...args]);
  expect([status, stderr]).toEqual([0, expect.not.stringContaining("Error")]);
  return parseAllDocuments(stdout).map((document) => document.toJS({ maxAliasCount: 0 }));
};
interface PodTemplate {
  readonly metadata: object;
  readonly spec: { readonly containers: readonly [{ readonly args: readonly string[] }] };
}
/** The template of the pods. */
const podTemplateOf = (objects: readonly KubernetesObject[]): PodTemplate => {
  const [deployment = {}] = objects.filter(({ kind }) => kind === "Deployment");
  return (deployment as { readonly spec: { readonly template: PodTemplate } }).spec.template;
};
const list = (items: readonly object[]) => ({ apiVersion: "v1", kind: "List", items });

describe.each([
  ["the webhook alone", ["--ca-bundle", at("ca.pem")]],
  ["a certificate of cert-manager that is there", ["--inject-ca-from", "doors/webhook", "--tls-secret", "webhook"]],
  ["a policy in a file", ["--ca-bundle", at("ca.pem"), "--policy", at("own.yaml")]],
  ["the proxy too, and a key", ["--ca-bundle", at("ca.pem"), "--proxy", "--key", "some-key"]],
  ["the proxy with constrained impersonation", ["--ca-bundle", at("ca.pem"), "--proxy", "--constrained"]],
])("%s", (_, args) => {
  test("is accepted without a warning under the PodSecurity standard restricted", async () => {
    const objects = await printed(...args);
    // What another suite has left would be taken over from it, with a warning.
    const roles = objects.filter(({ kind }) => kind.startsWith("ClusterRole"));
    await plane.kubectl(admin, ["delete", "--ignore-not-found", "-f", "-"], { stdin: list(roles) });
    const dryRun = ["apply", "--server-side", "--dry-run=server", "-f", "-"];
    const { code, stderr } = await plane.kubectl(admin, dryRun, { stdin: list(objects) });
    expect([code, stderr]).toEqual([0, ""]);
    const { metadata, spec } = podTemplateOf(objects);
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, name: "pod", namespace }, spec };
    const created = await plane.kubectl(admin, ["create", "--dry-run=server", "-f", "-"], { stdin: pod });
    expect([created.code, created.stderr]).toEqual([0, ""]);
  });
});

test("a pod that is not restricted is refused in that namespace, so that the test above can fail", async () => {
  const spec = { containers: [{ name: "a", image: "a" }] };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "pod", namespace }, spec };
  const { code, stderr } = await plane.kubectl(admin, ["create", "--dry-run=server", "-f", "-"], { stdin: pod });
  expect([code, stderr]).toEqual([1, expect.stringContaining("violates PodSecurity")]);
});

/** What an account may do beside what every service account may. */
const rightsOf = async (name: string): Promise<readonly string[]> => {
  const listed = async (account: string): Promise<readonly string[]> => {
    const caller = await serviceAccount(plane, namespace, account);
    const { stdout } = await plane.kubectl(caller, ["auth", "can-i", "--list", "--no-headers", "-n", namespace]);
    return stdout.split("\n").map((line) => line.replace(/\s+/g, " ").trim());
  };
  const common = await listed("plain");
  return (await listed(name)).filter((line) => !common.includes(line)).sort();
};

describe.each([
  {
    how: "the webhook alone",
    args: [],
    rights: ["subjectaccessreviews.authorization.k8s.io [] [] [create]"],
    hasProxy: false,
  },
  {
    how: "the webhook with a key, and the proxy",
    args: ["--proxy", "--key", "some-key"],
    rights: [
      "subjectaccessreviews.authorization.k8s.io [] [] [create]",
      "tokenreviews.authentication.k8s.io [] [] [create]",
    ],
    hasProxy: true,
  },
])("the program with the service account of its pods: $how", ({ args, rights, hasProxy }) => {
  let server: Guarded;
  let objects: readonly KubernetesObject[];
  let port = 0;
  let healthPort = 0;

  beforeAll(async () => {
    await buildServer(() => {});
    objects = await printed("--ca-bundle", at("ca.pem"), ...args);
    [port = 0, healthPort = 0] = await freePorts(2);
    // No pod runs here. The Service leads to this machine instead, under its name: the API server checks the certificate for that name.
    const here = { type: "ExternalName", externalName: "127.0.0.1", ports: [{ port }] };
    const moved = (text: string): string => text.replaceAll('"port":443', `"port":${port}`);
    const isWebhook = ({ kind }: KubernetesObject): boolean => kind.endsWith("WebhookConfiguration");
    const kept = objects.filter((object) => object.kind !== "Deployment" && !isWebhook(object));
    await applied(
      plane,
      kept.map((object) => (object.kind === "Service" ? { ...object, spec: here } : object)),
    );
    // As the kubelet mounts them.
    mkdirSync(at("account"), { recursive: true });
    writeFileSync(at("account/token"), (await serviceAccount(plane, namespace, service)).token ?? "");
    writeFileSync(at("account/ca.crt"), plane.connection.caPem);
    writeFileSync(at("tls.crt"), certificates.cert);
    writeFileSync(at("tls.key"), certificates.key, { mode: 0o600 });
    if (hasProxy) writeFileSync(at("token"), (await serviceAccount(plane, namespace, `${service}-actor`)).token ?? "");
    // In an empty folder, as in the container.
    mkdirSync(at("program"), { recursive: true });
    copyFileSync(fileURLToPath(new URL("../../dist/server.js", import.meta.url)), at("program/server.js"));
    const [container] = podTemplateOf(objects).spec.containers;
    const line = container.args.map((argument) =>
      argument
        .replace("=8443", `=${port}`)
        .replace("=9443", `=${healthPort}`)
        .replace(/=\/(tls|actor)\//, `=${folder}/`),
    );
    const { hostname, port: apiPort } = new URL(plane.connection.url);
    const environment = {
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: apiPort,
      SERVICE_ACCOUNT_FOLDER: at("account"),
    };
    server = startGuarded(mkdtempSync(at("server-")), "server", "env", [
      "-i",
      ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      at("program/server.js"),
      ...line,
    ]);
    await until("the program is ready", async () => {
      if (server.hasExited()) throw new Error(server.tail());
      const answered = await fetch(`http://127.0.0.1:${healthPort}/readyz`).catch(() => undefined);
      return answered?.status === 200;
    });
    await applied(plane, JSON.parse(moved(JSON.stringify(objects.filter(isWebhook)))));
  });
  afterAll(async () => {
    await plane.kubectl(admin, ["delete", "--ignore-not-found", "-f", "-"], { stdin: list(objects) });
    await server?.stop();
  });

  test("is called by the API server at its Service, and has the rights that it needs", async () => {
    const write = () => create(plane, plane.user("stranger"), template("default", "probe", "carl"), "?dryRun=All");
    await until("the webhook sets the identity", async () => {
      const { body } = await write();
      return body.spec?.clusterAuth?.impersonateUser === "stranger";
    });
    const { body } = await create(plane, plane.user("alice"), template("default", "probe", "bob"), "?dryRun=All");
    expect(body.spec?.clusterAuth?.impersonateUser).toBe("bob");
  });

  test("holds no other rights, none on Secrets and on webhook configurations among them", async () => {
    expect(await rightsOf(service)).toEqual(rights);
  });

  test(`serves the proxy: ${hasProxy}`, async () => {
    const url = `https://127.0.0.1:${port}/k8s/clusters/local`;
    const through = kubectlRunner(plane.connection.kubectlProgram, folder, (caller) =>
      kubeconfig(url, certificates.ca, caller),
    );
    const caller = await serviceAccount(plane, namespace, "plain");
    const { code, stdout } = await through(caller, ["auth", "whoami", "-o", "jsonpath={.status.userInfo.username}"]);
    expect([code, stdout]).toEqual(hasProxy ? [0, caller.name] : [1, ""]);
  });

  test("answers every caller, or those with the key alone", async () => {
    const call = apiClient(`https://127.0.0.1:${port}`, certificates.ca);
    const post = async (path: string) => (await call(admin, { method: "POST", path, body: {} })).status;
    const hasKey = args.includes("--key");
    // A body that holds another thing than a review gets an answer of the webhook, too.
    expect([await post("/mutate"), await post("/clusters/local/some-key/mutate")]).toEqual(
      hasKey ? [404, 400] : [400, 404],
    );
    expect(server.tail()).not.toContain("some-key");
  });
});

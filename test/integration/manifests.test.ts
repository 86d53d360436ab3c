import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { policies } from "../../functions/policies/index.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { defaultAsker, impersonatorRoles } from "../../infra/kubernetes/example-roles.ts";
import { exampleFiles } from "../../infra/kubernetes/examples.ts";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import {
  admissionPolicies,
  askerRoles,
  type Client,
  inCluster,
  proxyAccounts,
  type WebhookOptions,
  webhookConfigurations,
} from "../../lib/manifests/index.ts";
import { type Policy, readPolicy } from "../../lib/policy/index.ts";
import { presets } from "../../lib/presets/index.ts";
import { bundleRows } from "../support/ca-bundles.ts";
import { runCommand } from "../support/command.ts";

const manifests = (...args: readonly string[]) => runCommand("manifests", args);
const documents = (text: string) => parseAllDocuments(text).map((document) => document.toJS({ maxAliasCount: 0 }));

const url = "https://guard.example.com/clusters/prod/KEY";
const configurations = (client: Client, more: Partial<WebhookOptions> = {}) =>
  webhookConfigurations({ policy: policies.get("razee") as Policy, client, ...more });

const folder = mkdtempSync(join(tmpdir(), "manifests-"));
const caFile = join(folder, "ca.pem");
const broken = join(folder, "broken.pem");
const utf16 = join(folder, "utf16.pem");
const podPolicy = join(folder, "pods.yaml");
let ca: string;
let key: string;
beforeAll(async () => {
  ({ ca, key } = await throwAwayCertificates({ hosts: ["localhost"] }));
  writeFileSync(caFile, ca);
  writeFileSync(utf16, `\ufeff${ca}`, "utf16le");
  writeFileSync(
    podPolicy,
    'name: pods\ntargets:\n  - { group: "", versions: [v1], resources: [pods], fields: [{ path: spec.serviceAccountName, serviceAccount: name }] }\n',
  );
  writeFileSync(broken, "-----BEGIN CERTIFICATE-----\nTk8=\n-----END CERTIFICATE-----\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What is said of a policy whose controllers' writes of the status are not listed. */
const aboutStatus =
  "# deploy.razee.io: without statusWriters in the policy, each write of a status is judged as an edit where a version has no status subresource; npm run -s doctor -- names such versions\n";

describe("the output is what the library makes", () => {
  test("for a URL: both configurations, and the role of the webhook's own identity", async () => {
    const { status, stdout, stderr } = await manifests("--url", url);
    expect([status, stderr]).toEqual([
      0,
      `${aboutStatus}# to undo it: npm run -s manifests -- --url ${url} | kubectl delete -f -\n`,
    ]);
    expect(documents(stdout)).toEqual([...configurations({ url }), ...askerRoles(defaultAsker)]);
  });

  test("for a URL with a slash at its end, the same", async () => {
    expect(documents((await manifests("--url", `${url}/`)).stdout)[0]).toEqual(configurations({ url })[0]);
  });

  test("for a Service, with a CA and everything else that can be chosen", async () => {
    const choices = ["--failure-policy", "Ignore", "--timeout", "9", "--asker", "guard", "--policy", "razee-audit"];
    const { stdout } = await manifests("--service", "guard/webhook", "--ca-bundle", caFile, ...choices);
    const client = { service: { namespace: "guard", name: "webhook", port: 443 } };
    const caBundle = Buffer.from(ca).toString("base64");
    expect(documents(stdout)).toEqual([
      ...configurations(client, { caBundle, failurePolicy: "Ignore", timeoutSeconds: 9 }),
      ...askerRoles("guard"),
    ]);
  });

  test("as JSON: a List, which kubectl applies as well", async () => {
    const { stdout } = await manifests("--url", url, "-o", "json");
    expect(JSON.parse(stdout)).toEqual({
      apiVersion: "v1",
      kind: "List",
      items: [...configurations({ url }), ...askerRoles(defaultAsker)],
    });
  });

  test("for namespaces of one label, for a trial", async () => {
    const { stdout } = await manifests("--url", url, "--namespace-label", "guarded=yes");
    const [mutating, validating] = configurations({ url }, { namespaceLabels: { guarded: "yes" } });
    expect(documents(stdout).slice(0, 2)).toEqual([mutating, validating]);
    expect(validating.webhooks.map(({ namespaceSelector }) => namespaceSelector)).toEqual(
      Array(2).fill({ matchLabels: { guarded: "yes" } }),
    );
  });

  test("as admission policies, which need no URL", async () => {
    const { stdout, stderr } = await manifests("--twins");
    expect(documents(stdout)).toEqual(admissionPolicies(policies.get("razee") as Policy));
    expect(stderr).toBe(
      `${aboutStatus}# to undo it: npm run -s manifests -- --admission-policies | kubectl delete -f -\n`,
    );
  });

  test("as admission policies for namespaces of one label, and with another failure policy", async () => {
    const { stdout } = await manifests("--twins", "--namespace-label", "guarded=yes", "--failure-policy", "Ignore");
    const options = { namespaceLabels: { guarded: "yes" }, failurePolicy: "Ignore" } as const;
    expect(documents(stdout)).toEqual(admissionPolicies(policies.get("razee") as Policy, options));
  });

  test("as examples, which need no URL", async () => {
    const { stdout, stderr } = await manifests("--examples");
    expect(documents(stdout)).toEqual(impersonatorRoles());
    expect(stderr).toBe("");
  });

  test("as the accounts of a proxy, with the commands for their tokens", async () => {
    const { stdout, stderr } = await manifests("--proxy", "--constrained", "--namespace", "doors");
    expect(documents(stdout)).toEqual(proxyAccounts({ namespace: "doors", isConstrained: true }));
    expect(stderr).toContain("kubectl create token proxy-actor --namespace doors --duration 24h > proxy-actor.token\n");
    expect(stderr).toMatch(
      /\n# to undo it: npm run -s manifests -- --proxy --constrained --namespace doors \| kubectl delete -f -\n$/,
    );
  });

  test("as pods, with a policy in a file, a key, and the CA of the certificate", async () => {
    const file = join(folder, "own.yaml");
    const text =
      'name: own\ntargets:\n  - { group: g.example, versions: ["*"], resources: [things], fields: [spec.user] }\n';
    writeFileSync(file, text);
    const options = ["--in-cluster", "--proxy", "--policy", file, "--ca-bundle", caFile, "--key", "some-key"];
    const { stdout, stderr } = await manifests(...options, "--image", "i:1");
    const digest = createHash("sha256").update(text).digest("hex").slice(0, 16);
    expect(documents(stdout)).toEqual(
      inCluster({
        policy: readPolicy({
          name: "own",
          targets: [{ group: "g.example", versions: ["*"], resources: ["things"], fields: ["spec.user"] }],
        }),
        policySource: { configMap: "impersonation-admission-policy", text, digest },
        ...{ namespace: "impersonation-admission", image: "i:1", tlsSecret: "impersonation-admission-tls" },
        caBundle: Buffer.from(ca).toString("base64"),
        key: { text: "some-key", hash: hashOfKey("some-key") },
        proxy: { isConstrained: false },
      }),
    );
    expect(stderr).not.toContain("some-key");
  });

  test("the command that removes the pods makes the same names", async () => {
    const { stdout, stderr } = await manifests("--in-cluster", "--proxy", "--inject-ca-from", "a/b", "--key", "k");
    const [, undo = ""] = /# to undo it: npm run -s manifests -- (.*) \| kubectl delete -f -/.exec(stderr) ?? [];
    const namesIn = (text: string) => documents(text).map(({ kind, metadata }) => [kind, metadata.name]);
    expect(namesIn((await manifests(...undo.split(" "))).stdout)).toEqual(namesIn(stdout));
  });

  test("a label that YAML 1.1 takes for a boolean stays a string", async () => {
    const { stdout } = await manifests("--url", url, "--namespace-label", "on=yes");
    expect(stdout).toContain('matchLabels:\n        "on": "yes"\n');
  });

  test("the command that undoes it names the policy and the Service, and no key", async () => {
    const undo = async (...args: readonly string[]) => (await manifests(...args)).stderr;
    const secret = "https://guard.example.com/v1/clusters/prod/s3cret";
    expect(await undo("--url", secret, "--timeout", "9", "--asker", "guard")).toBe(
      `${aboutStatus}# to undo it: npm run -s manifests -- --url https://guard.example.com/v1/clusters/prod/KEY | kubectl delete -f -\n`,
    );
    expect(await undo("--service", "guard/webhook", "--policy", "razee-audit")).toBe(
      `${aboutStatus}# to undo it: npm run -s manifests -- --service guard/webhook --policy razee-audit | kubectl delete -f -\n`,
    );
  });

  test.each(bundleRows)("a CA file with $what is registered as certificates alone, or refused", async (row) => {
    const file = join(folder, `${row.what.replaceAll(/\W/g, "-")}.pem`);
    writeFileSync(file, row.pem(ca, key));
    const { status, stdout, stderr } = await manifests("--url", url, "--ca-bundle", file, "-o", "json");
    // A byte order mark is taken away.
    const isRegistered = row.what.startsWith("a byte order mark") || (row.certificates > 0 && !row.fault);
    if (isRegistered) {
      const bundle = JSON.parse(stdout).items[0].webhooks[0].clientConfig.caBundle;
      const text = Buffer.from(bundle, "base64").toString();
      return expect(text.replaceAll(ca, "CA ")).toMatch(/^(CA ){1,2}$/);
    }
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(
      row.fault ? `holds what Kubernetes does not read: ${row.fault}` : "holds no PEM certificate",
    );
  });
});

describe("a user's mistake is a sentence and status 2", () => {
  test.concurrent.each<[string, () => readonly string[], string]>([
    ["nothing", () => [], "give --url URL or --service NAMESPACE/NAME, and not both; --help explains them"],
    ["both", () => ["--url", url, "--service", "a/b"], "give --url URL or --service NAMESPACE/NAME, and not both"],
    ["a URL without a scheme", () => ["--url", "guard"], "--url must start with https:// and hold a host and a path"],
    ["a URL without TLS", () => ["--url", "http://guard.example.com"], "must start with https://"],
    ["a URL with a query", () => ["--url", `${url}?a=b`], "must hold a host and a path only; remove what follows ?"],
    ["a URL with a fragment", () => ["--url", `${url}#a`], "must hold a host and a path only"],
    ["a URL with a user", () => ["--url", "https://me@guard.example.com"], "remove what follows ? or #, and USER@"],
    ["a URL with the endpoint", () => ["--url", `${url}/mutate`], "must not end in /mutate or /validate"],
    ["a URL without a cluster", () => ["--url", "https://guard.example.com"], "must end in /clusters/CLUSTER/KEY"],
    ["a Service without a namespace", () => ["--service", "webhook"], "--service webhook is not NAMESPACE/NAME"],
    ["a Service with a path", () => ["--service", "a/b/c"], "--service a/b/c is not NAMESPACE/NAME"],
    ["a CA that is not there", () => ["--url", url, "--ca-bundle", "none.pem"], "none.pem cannot be read (ENOENT)"],
    [
      "a CA file without PEM",
      () => ["--url", url, "--ca-bundle", "package.json"],
      "package.json holds no PEM certificate",
    ],
    [
      "a CA file without a certificate",
      () => ["--url", url, "--ca-bundle", broken],
      "does not read: a certificate cannot be",
    ],
    [
      "a CA in UTF-16",
      () => ["--url", url, "--ca-bundle", utf16],
      "utf16.pem is not UTF-8 text; save it as PEM in UTF-8",
    ],
    ["another failure policy", () => ["--url", url, "--failure-policy", "ignore"], "ignore is not Fail or Ignore"],
    ["a timeout that is too short", () => ["--url", url, "--timeout", "0"], "--timeout 0 is not a number of seconds"],
    ["a timeout that is too long", () => ["--url", url, "--timeout", "31"], "a number of seconds from 1 to 30"],
    [
      "a label without a value",
      () => ["--url", url, "--namespace-label", "guarded"],
      "--namespace-label guarded is not a label",
    ],
    [
      "twins and examples",
      () => ["--twins", "--examples"],
      "--admission-policies and --examples are printed one at a time",
    ],
    ["a timeout with a unit", () => ["--url", url, "--timeout", "5s"], "--timeout 5s is not a number of seconds"],
    ["an empty asker", () => ["--url", url, "--asker", ""], "--asker is empty; give it a value, or leave it out"],
    ["half a service account", () => ["--url", url, "--asker", "system:serviceaccount:a"], "a is not a username; a"],
    [
      "a timeout that is not an integer",
      () => ["--url", url, "--timeout", "1e1"],
      "--timeout 1e1 is not a number of seconds",
    ],
    ["an option twice", () => ["--url", url, "--url", url], "--url is given twice; leave one out"],
    [
      "pods with a policy that covers pods",
      () => ["--in-cluster", "--ca-bundle", caFile, "--policy", podPolicy],
      "the policy covers pods of the core group, which the pods of the webhook are made of",
    ],
    ["pods without a CA", () => ["--in-cluster"], "give one of --ca-bundle FILE, --cert-manager and --inject-ca-from"],
    [
      "half a Certificate",
      () => ["--in-cluster", "--inject-ca-from", "a"],
      "--inject-ca-from a is not NAMESPACE/NAME of a Certificate",
    ],
    [
      "a key that cannot be part of a path",
      () => ["--in-cluster", "--cert-manager", "--key", "a/b"],
      "--key has characters other than A-Z a-z 0-9 - _; npm run -s key -- makes one",
    ],
    [
      "a Secret that cannot be",
      () => ["--in-cluster", "--cert-manager", "--tls-secret", "A"],
      "--tls-secret A is not a name that Kubernetes takes",
    ],
    ["a namespace that cannot be", () => ["--proxy", "--namespace", "A_b"], "--namespace A_b is not a name"],
    ["an unknown policy", () => ["--url", url, "--policy", "flox"], "there is no policy flox; built in are"],
    ["another output", () => ["--url", url, "-o", "xml"], "-o xml is not yaml or json"],
    ["an unknown option", () => ["--uri", url], "unknown option --uri"],
    ["an argument", () => [url], `unexpected argument ${url}`],
  ])("%s", async (_, args, sentence) => {
    const { status, stdout, stderr } = await manifests(...args());
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/\n {4}at |node:internal/);
    expect([status, stdout]).toEqual([2, ""]);
  });
});

describe("a policy is printed as text", () => {
  test.each(Object.keys(presets))("the preset %s, with the targets that it stands for", async (preset) => {
    const { status, stdout, stderr } = await manifests("--policy", preset, "--show-policy");
    expect([status, stderr]).toEqual([0, ""]);
    const [text] = documents(stdout);
    expect(JSON.stringify(text)).not.toContain('"preset"');
    expect(readPolicy(text)).toEqual(readPolicy({ name: preset, targets: [{ preset }] }));
  });

  test("a policy that is built in, as its file says", async () => {
    const { stdout } = await manifests("--policy", "razee-audit", "--show-policy", "-o", "json");
    expect(readPolicy(JSON.parse(stdout))).toEqual(policies.get("razee-audit"));
  });

  test("a file that is wrong is refused with its name and the place as the user wrote it", async () => {
    const file = join(folder, "wrong.yaml");
    writeFileSync(file, "name: wrong\ntargets:\n  - preset: flux\n  - { preset: flux, namespace: Flux_System }\n");
    const { status, stderr } = await manifests("--policy", file, "--show-policy");
    expect(status).toBe(2);
    expect(stderr).toContain(`${file}: policy wrong: targets[1].namespace must be a namespace, not "Flux_System"`);
  });
});

describe("the examples in infra/kubernetes/", () => {
  const committed = (name: string) => readFileSync(new URL(`../../infra/kubernetes/${name}`, import.meta.url), "utf8");

  test.each(Object.entries(exampleFiles()))("%s is what npm run manifests:examples writes", (name, text) => {
    expect(committed(name)).toBe(text);
  });

  test("hold exactly what the library makes, and begin with a word on what they are", () => {
    const {
      "webhooks.yaml": webhooks = "",
      "asker.yaml": asker = "",
      "impersonators.yaml": people = "",
    } = exampleFiles();
    expect(documents(webhooks)).toEqual(configurations({ url }));
    expect(documents(asker)).toEqual(askerRoles(defaultAsker));
    expect(documents(people)).toEqual(impersonatorRoles());
    for (const text of [webhooks, asker, people]) expect(text).toMatch(/^# .*(\n#.*)*\n#.*kubectl/);
  });
});

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { yamlText } from "../../infra/command-line/yaml-text.ts";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { userImpersonatorRoles } from "../../lib/manifests/index.ts";
import { freePorts } from "../cluster/harness/free-ports.ts";
import { json, type Peer, type Reply, startPeer } from "../support/api-server-peer.ts";
import { runCommand, startCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";

const folder = mkdtempSync(join(tmpdir(), "options-"));
const at = (name: string): string => join(folder, name);
let peer: Peer;

const group = "deploy.razee.io";
const object = (name: string, spec: object) => ({
  apiVersion: `${group}/v1alpha2`,
  kind: "MustacheTemplate",
  metadata: { name, namespace: "team-a", managedFields: [{ manager: "kubectl", operation: "Apply", fieldsV1: {} }] },
  spec,
});
const stored = [object("named", { clusterAuth: { impersonateUser: "carl" } }), object("empty", {})];

/** As much of a cluster as the commands look at: one kind of Razee, with two objects. */
const cluster: Reply = (seen, response, socket) => {
  const path = seen.url.replace(/\?.*/, "");
  const sent = seen.body === "" ? {} : JSON.parse(seen.body);
  const statuses: Readonly<Record<string, object>> = {
    SelfSubjectReview: { userInfo: { username: "dora", groups: ["system:authenticated"] } },
    SelfSubjectAccessReview: { allowed: false },
    SubjectAccessReview: { allowed: false },
    SelfSubjectRulesReview: { resourceRules: [], nonResourceRules: [], incomplete: false },
  };
  const answers: Readonly<Record<string, object>> = {
    [`/apis/${group}`]: { versions: [{ version: "v1alpha2" }], preferredVersion: { version: "v1alpha2" } },
    [`/apis/${group}/v1alpha2`]: {
      resources: [{ name: "mustachetemplates", kind: "MustacheTemplate", namespaced: true }],
    },
    [`/apis/${group}/v1alpha2/mustachetemplates`]: { items: stored },
    [`/apis/${group}/v1alpha2/namespaces/team-a/mustachetemplates`]: { items: stored.slice(1) },
  };
  const [code, body] =
    seen.method === "POST" ? [201, { ...sent, status: statuses[sent.kind] }] : [200, answers[path] ?? { items: [] }];
  json(code, body)(seen, response, socket);
};

beforeAll(async () => {
  peer = await startPeer(cluster);
  const context = (name: string) => ({ name, context: { cluster: "c", user: name } });
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: peer.url, "certificate-authority-data": peer.caData } }],
    users: ["one", "two"].map((name) => ({ name, user: { token: `token-of-${name}` } })),
    contexts: [context("one"), context("two")],
    "current-context": "one",
  };
  writeFileSync(at("kubeconfig"), JSON.stringify(kubeconfig));
  writeFileSync(at("other-kubeconfig"), JSON.stringify({ ...kubeconfig, "current-context": "two" }));
  writeFileSync(at("token"), "a-token");
  writeFileSync(at("peer.pem"), Buffer.from(peer.caData, "base64"));
  writeFileSync(at("writers.yaml"), "kubectl: bob\n");
  writeFileSync(at("roles.yaml"), yamlText(userImpersonatorRoles("alice", "carol")));
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  for (const [name, text] of Object.entries({ "ca.pem": ca, "tls.crt": cert, "tls.key": key }))
    writeFileSync(at(name), text);
});
afterAll(async () => {
  await peer.close();
  rmSync(folder, { recursive: true });
});

/** A way to call a command. Each of its options changes the result there, or is refused with a sentence. */
interface Mode {
  readonly command: string;
  readonly mode: string;
  readonly base: () => readonly string[];
  readonly options: Readonly<Record<string, readonly [args: () => readonly string[], refusal?: string]>>;
}

const ofTheWebhook = "means nothing with --proxy: it is about the webhook; leave it out";
const proxyAt = ["--server", "https://proxy.example.com/k8s/clusters/prod"];
const url = ["--url", "https://guard.example.com/clusters/prod/KEY"];
const both = "give --url URL or --service NAMESPACE/NAME, and not both";
const inTree =
  "means nothing with --admission-policies: admission policies call nothing and have no identity; leave it out";
const inProxy =
  "means nothing with --proxy: it prints the accounts of a proxy, which no policy and no webhook changes; leave it out";
const inPods =
  "means nothing with --in-cluster: the webhook is a Service of its own, and asks with the service account of its pods; leave it out";
/** What goes with --in-cluster alone. */
const ofPods: Mode["options"] = Object.fromEntries(
  [["--image", "i"], ["--tls-secret", "tls"], ["--cert-manager"], ["--inject-ca-from", "a/b"], ["--key", "k"]].map(
    (args) => [args[0], [() => args, `${args[0]} means nothing without --in-cluster; leave it out`]],
  ),
);
const withoutProxy = "--constrained means nothing without --proxy; leave it out";
const oneAuthority = "give one of --ca-bundle FILE, --cert-manager and --inject-ca-from NAMESPACE/NAME";
const withoutNamespace = "--namespace means nothing without --proxy or --in-cluster; leave it out";
const inPolicy =
  "means nothing with --show-policy: it prints the policy itself, not objects of a cluster; leave it out";
const inExamples = "means nothing with --examples: the example roles are the same for every deployment; leave it out";

const modes: readonly Mode[] = [
  {
    command: "manifests",
    mode: "webhooks at a URL",
    base: () => url,
    options: {
      "--url": [() => url, "--url is given twice"],
      "--service": [() => ["--service", "a/b"], both],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")]],
      "--policy": [() => ["--policy", at("other.yaml")]],
      "--asker": [() => ["--asker", "guard"]],
      "--failure-policy": [() => ["--failure-policy", "Ignore"]],
      "--timeout": [() => ["--timeout", "9"]],
      "--namespace-label": [() => ["--namespace-label", "guarded=yes"]],
      "--admission-policies": [() => ["--admission-policies"], `--url ${inTree}`],
      "--show-policy": [() => ["--show-policy"], `--url ${inPolicy}`],
      "--examples": [() => ["--examples"], `--url ${inExamples}`],
      "--in-cluster": [() => ["--in-cluster"], `--url ${inPods}`],
      ...ofPods,
      "--proxy": [() => ["--proxy"], `--url ${inProxy}`],
      "--constrained": [() => ["--constrained"], withoutProxy],
      "--namespace": [() => ["--namespace", "doors"], withoutNamespace],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "manifests",
    mode: "admission policies",
    base: () => ["--admission-policies"],
    options: {
      "--url": [() => url, `--url ${inTree}`],
      "--service": [() => ["--service", "a/b"], `--service ${inTree}`],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")], `--ca-bundle ${inTree}`],
      "--policy": [() => ["--policy", at("other.yaml")]],
      "--asker": [() => ["--asker", "guard"], `--asker ${inTree}`],
      "--failure-policy": [() => ["--failure-policy", "Ignore"]],
      "--timeout": [() => ["--timeout", "5"], `--timeout ${inTree}`],
      "--namespace-label": [() => ["--namespace-label", "guarded=yes"]],
      "--admission-policies": [() => ["--admission-policies"], "--admission-policies is given twice"],
      "--show-policy": [() => ["--show-policy"], "--admission-policies and --show-policy are printed one at a time"],
      "--examples": [() => ["--examples"], "--admission-policies and --examples are printed one at a time"],
      "--in-cluster": [() => ["--in-cluster"], "--in-cluster and --admission-policies are printed one at a time"],
      ...ofPods,
      "--proxy": [() => ["--proxy"], "--admission-policies and --proxy are printed one at a time"],
      "--constrained": [() => ["--constrained"], withoutProxy],
      "--namespace": [() => ["--namespace", "doors"], withoutNamespace],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "manifests",
    mode: "a policy",
    base: () => ["--show-policy"],
    options: {
      "--url": [() => url, `--url ${inPolicy}`],
      "--service": [() => ["--service", "a/b"], `--service ${inPolicy}`],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")], `--ca-bundle ${inPolicy}`],
      "--policy": [() => ["--policy", "flux"]],
      "--asker": [() => ["--asker", "guard"], `--asker ${inPolicy}`],
      "--failure-policy": [() => ["--failure-policy", "Fail"], `--failure-policy ${inPolicy}`],
      "--timeout": [() => ["--timeout", "5"], `--timeout ${inPolicy}`],
      "--namespace-label": [() => ["--namespace-label", "a=b"], `--namespace-label ${inPolicy}`],
      "--admission-policies": [
        () => ["--admission-policies"],
        "--admission-policies and --show-policy are printed one at a time",
      ],
      "--show-policy": [() => ["--show-policy"], "--show-policy is given twice"],
      "--examples": [() => ["--examples"], "--examples and --show-policy are printed one at a time"],
      "--in-cluster": [() => ["--in-cluster"], "--in-cluster and --show-policy are printed one at a time"],
      ...ofPods,
      "--proxy": [() => ["--proxy"], "--proxy and --show-policy are printed one at a time"],
      "--constrained": [() => ["--constrained"], withoutProxy],
      "--namespace": [() => ["--namespace", "doors"], withoutNamespace],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "manifests",
    mode: "example roles",
    base: () => ["--examples"],
    options: {
      "--url": [() => url, `--url ${inExamples}`],
      "--service": [() => ["--service", "a/b"], `--service ${inExamples}`],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")], `--ca-bundle ${inExamples}`],
      "--policy": [() => ["--policy", "razee"], `--policy ${inExamples}`],
      "--asker": [() => ["--asker", "guard"], `--asker ${inExamples}`],
      "--failure-policy": [() => ["--failure-policy", "Fail"], `--failure-policy ${inExamples}`],
      "--timeout": [() => ["--timeout", "5"], `--timeout ${inExamples}`],
      "--namespace-label": [() => ["--namespace-label", "a=b"], `--namespace-label ${inExamples}`],
      "--admission-policies": [
        () => ["--admission-policies"],
        "--admission-policies and --examples are printed one at a time",
      ],
      "--show-policy": [() => ["--show-policy"], "--examples and --show-policy are printed one at a time"],
      "--examples": [() => ["--examples"], "--examples is given twice"],
      "--in-cluster": [() => ["--in-cluster"], "--in-cluster and --examples are printed one at a time"],
      ...ofPods,
      "--proxy": [() => ["--proxy"], "--examples and --proxy are printed one at a time"],
      "--constrained": [() => ["--constrained"], withoutProxy],
      "--namespace": [() => ["--namespace", "doors"], withoutNamespace],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "manifests",
    mode: "pods",
    base: () => ["--in-cluster", "--ca-bundle", at("ca.pem")],
    options: {
      "--url": [() => url, `--url ${inPods}`],
      "--service": [() => ["--service", "a/b"], `--service ${inPods}`],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")], "--ca-bundle is given twice"],
      "--policy": [() => ["--policy", at("other.yaml")]],
      "--asker": [() => ["--asker", "guard"], `--asker ${inPods}`],
      "--failure-policy": [() => ["--failure-policy", "Ignore"]],
      "--timeout": [() => ["--timeout", "9"]],
      "--namespace-label": [() => ["--namespace-label", "guarded=yes"]],
      "--admission-policies": [
        () => ["--admission-policies"],
        "--in-cluster and --admission-policies are printed one at a time",
      ],
      "--show-policy": [() => ["--show-policy"], "--in-cluster and --show-policy are printed one at a time"],
      "--examples": [() => ["--examples"], "--in-cluster and --examples are printed one at a time"],
      "--in-cluster": [() => ["--in-cluster"], "--in-cluster is given twice"],
      "--image": [() => ["--image", "registry.example.com/guard:1"]],
      "--tls-secret": [() => ["--tls-secret", "tls"]],
      "--cert-manager": [() => ["--cert-manager"], oneAuthority],
      "--inject-ca-from": [() => ["--inject-ca-from", "a/b"], oneAuthority],
      "--key": [() => ["--key", "k"]],
      "--proxy": [() => ["--proxy"]],
      "--constrained": [() => ["--constrained"], withoutProxy],
      "--namespace": [() => ["--namespace", "doors"]],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "manifests",
    mode: "the accounts of a proxy",
    base: () => ["--proxy"],
    options: {
      "--url": [() => url, `--url ${inProxy}`],
      "--service": [() => ["--service", "a/b"], `--service ${inProxy}`],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")], `--ca-bundle ${inProxy}`],
      "--policy": [() => ["--policy", "razee"], `--policy ${inProxy}`],
      "--asker": [() => ["--asker", "guard"], `--asker ${inProxy}`],
      "--failure-policy": [() => ["--failure-policy", "Fail"], `--failure-policy ${inProxy}`],
      "--timeout": [() => ["--timeout", "5"], `--timeout ${inProxy}`],
      "--namespace-label": [() => ["--namespace-label", "a=b"], `--namespace-label ${inProxy}`],
      "--admission-policies": [
        () => ["--admission-policies"],
        "--admission-policies and --proxy are printed one at a time",
      ],
      "--show-policy": [() => ["--show-policy"], "--proxy and --show-policy are printed one at a time"],
      "--examples": [() => ["--examples"], "--examples and --proxy are printed one at a time"],
      "--in-cluster": [() => ["--in-cluster", "--cert-manager"]],
      ...ofPods,
      "--proxy": [() => ["--proxy"], "--proxy is given twice"],
      "--constrained": [() => ["--constrained"]],
      "--namespace": [() => ["--namespace", "doors"]],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "invoke",
    mode: "an event that says its endpoint",
    base: () => ["events/webhook/gateway-http-api.json"],
    options: {
      "--endpoint": [
        () => ["--endpoint", "validate"],
        "--endpoint validate has no effect: each event names its endpoint",
      ],
      "--rbac": [() => ["--rbac", at("roles.yaml")]],
      "--kubeconfig": [() => ["--kubeconfig", at("kubeconfig")]],
      "--context": [() => ["--context", "two"]],
      "--policy": [() => ["--policy", "razee-audit"]],
      "--all": [() => ["--all"], "--all shows each sample event; leave it out if events are named"],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "invoke",
    mode: "a review, judged by a cluster",
    base: () => [at("review.json"), "--kubeconfig", at("kubeconfig")],
    options: {
      "--endpoint": [() => ["--endpoint", "validate"]],
      "--rbac": [() => ["--rbac", at("roles.yaml")], "--rbac and --kubeconfig: only one of them can answer"],
      "--kubeconfig": [() => ["--kubeconfig", at("other-kubeconfig")], "--kubeconfig is given twice"],
      "--context": [() => ["--context", "two"]],
      "--policy": [() => ["--policy", "razee-audit"]],
      "--all": [() => ["--all"], "--all shows each sample event; leave it out if events are named"],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "invoke",
    mode: "a request to the proxy",
    base: () => ["events/proxy/get-allowed.json"],
    options: {
      "--endpoint": [() => ["--endpoint", "validate"], "--endpoint validate has no effect: each event names its"],
      "--rbac": [() => ["--rbac", at("roles.yaml")]],
      "--kubeconfig": [() => ["--kubeconfig", at("kubeconfig")]],
      "--context": [() => ["--context", "two"]],
      "--policy": [() => ["--policy", "razee-audit"], "--policy razee-audit has no effect: a request to the proxy"],
      "--all": [() => ["--all"], "--all shows each sample event; leave it out if events are named"],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "report",
    mode: "a cluster",
    base: () => ["--kubeconfig", at("kubeconfig")],
    options: {
      "--kubeconfig": [() => ["--kubeconfig", at("other-kubeconfig")], "--kubeconfig is given twice"],
      "--context": [() => ["--context", "two"]],
      "--policy": [() => ["--policy", at("other.yaml")], "nothing can be listed for policy other"],
      "--namespace": [() => ["--namespace", "team-a"]],
      "--as-writer": [() => ["--as-writer", "bob"]],
      "--writers": [() => ["--writers", at("writers.yaml")]],
      "--all": [() => ["--all"]],
      "--limit-page": [() => ["--limit-page", "1"]],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "doctor",
    mode: "a cluster",
    base: () => ["--kubeconfig", at("kubeconfig")],
    options: {
      "--kubeconfig": [() => ["--kubeconfig", at("other-kubeconfig")], "--kubeconfig is given twice"],
      "--context": [() => ["--context", "two"]],
      "--url": [() => ["--url", "https://127.0.0.1:9/clusters/prod/KEY"]],
      "--policy": [() => ["--policy", at("other.yaml")]],
      "--asker-kubeconfig": [() => ["--asker-kubeconfig", at("kubeconfig")]],
      "--asker-context": [() => ["--asker-context", "two"], "--asker-context is one of an --asker-kubeconfig"],
      "--namespace": [() => ["--namespace", "team-a"]],
      "--proxy": [() => ["--proxy", "https://127.0.0.1:9"]],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")], "--ca-bundle goes with --proxy; give that too"],
      "--audit-log": [() => ["--audit-log", at("token")], "--audit-log goes with --proxy; give that too"],
      "--actor": [() => ["--actor", "two"], "--actor goes with --proxy; give that too"],
      "--actor-kubeconfig": [() => ["--actor-kubeconfig", at("kubeconfig")], "--actor-kubeconfig goes with --proxy"],
      "--actor-context": [() => ["--actor-context", "two"], "--actor-context goes with --proxy"],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "doctor",
    mode: "a proxy",
    base: () => ["--kubeconfig", at("kubeconfig"), "--proxy", peer.url, "--ca-bundle", at("peer.pem")],
    options: {
      "--kubeconfig": [() => ["--kubeconfig", at("other-kubeconfig")], "--kubeconfig is given twice"],
      "--context": [() => ["--context", "two"]],
      "--url": [() => ["--url", "https://127.0.0.1:9/clusters/prod/KEY"], `--url ${ofTheWebhook}`],
      "--policy": [() => ["--policy", "razee"], `--policy ${ofTheWebhook}`],
      "--asker-kubeconfig": [() => ["--asker-kubeconfig", at("kubeconfig")], `--asker-kubeconfig ${ofTheWebhook}`],
      "--asker-context": [() => ["--asker-context", "two"], `--asker-context ${ofTheWebhook}`],
      "--namespace": [() => ["--namespace", "team-a"], `--namespace ${ofTheWebhook}`],
      "--proxy": [() => ["--proxy", "https://127.0.0.1:9"], "--proxy is given twice"],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")], "--ca-bundle is given twice"],
      "--audit-log": [() => ["--audit-log", at("missing")], "missing cannot be read (ENOENT)"],
      "--actor": [() => ["--actor", "two"]],
      "--actor-kubeconfig": [() => ["--actor-kubeconfig", at("kubeconfig")], "name it with --actor"],
      "--actor-context": [() => ["--actor-context", "two"], "--actor-context is about the acting user; name it with"],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "kubeconfig",
    mode: "a token",
    base: () => [...proxyAt, "--token", "b"],
    options: {
      "--server": [() => ["--server", "https://a.example"], "--server is given twice"],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")]],
      "--token": [() => ["--token", "a"], "--token is given twice"],
      "--token-file": [
        () => ["--token-file", at("token")],
        "--token and --token-file are two credentials; leave one out",
      ],
      "--oidc": [() => ["--oidc", "https://a.example,b"], "--token and --oidc are two credentials; leave one out"],
      "--oidc-scope": [() => ["--oidc-scope", "groups"], "--oidc-scope goes with --oidc"],
      "--client-certificate": [
        () => ["--client-certificate", at("tls.crt")],
        "--token and --client-certificate are two credentials; leave one out",
      ],
      "--client-key": [() => ["--client-key", at("tls.key")], "--client-key goes with --client-certificate"],
      "--exec": [() => ["--exec", "login"], "--token and --exec are two credentials; leave one out"],
      "--exec-arg": [() => ["--exec-arg", "a"], "--exec-arg goes with --exec"],
      "--name": [() => ["--name", "mine"]],
      "--namespace": [() => ["--namespace", "team-a"]],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "kubeconfig",
    mode: "OIDC",
    base: () => [...proxyAt, "--oidc", "https://login.example,kubernetes"],
    options: {
      "--server": [() => ["--server", "https://a.example"], "--server is given twice"],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")]],
      "--token": [() => ["--token", "a"], "--token and --oidc are two credentials; leave one out"],
      "--token-file": [
        () => ["--token-file", at("token")],
        "--token-file and --oidc are two credentials; leave one out",
      ],
      "--oidc": [() => ["--oidc", "https://a.example,b"], "--oidc is given twice"],
      "--oidc-scope": [() => ["--oidc-scope", "groups"]],
      "--client-certificate": [
        () => ["--client-certificate", at("tls.crt")],
        "--oidc and --client-certificate are two credentials; leave one out",
      ],
      "--client-key": [() => ["--client-key", at("tls.key")], "--client-key goes with --client-certificate"],
      "--exec": [() => ["--exec", "login"], "--oidc and --exec are two credentials; leave one out"],
      "--exec-arg": [() => ["--exec-arg", "a"], "--exec-arg goes with --exec"],
      "--name": [() => ["--name", "mine"]],
      "--namespace": [() => ["--namespace", "team-a"]],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "kubeconfig",
    mode: "a client certificate",
    base: () => [...proxyAt, "--client-certificate", at("tls.crt"), "--client-key", at("tls.key")],
    options: {
      "--server": [() => ["--server", "https://a.example"], "--server is given twice"],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")]],
      "--token": [() => ["--token", "a"], "--token and --client-certificate are two credentials; leave one out"],
      "--token-file": [
        () => ["--token-file", at("token")],
        "--token-file and --client-certificate are two credentials; leave one out",
      ],
      "--oidc": [
        () => ["--oidc", "https://a.example,b"],
        "--oidc and --client-certificate are two credentials; leave one out",
      ],
      "--oidc-scope": [() => ["--oidc-scope", "groups"], "--oidc-scope goes with --oidc"],
      "--client-certificate": [() => ["--client-certificate", at("tls.crt")], "--client-certificate is given twice"],
      "--client-key": [() => ["--client-key", at("tls.key")], "--client-key is given twice"],
      "--exec": [() => ["--exec", "login"], "--client-certificate and --exec are two credentials; leave one out"],
      "--exec-arg": [() => ["--exec-arg", "a"], "--exec-arg goes with --exec"],
      "--name": [() => ["--name", "mine"]],
      "--namespace": [() => ["--namespace", "team-a"]],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "kubeconfig",
    mode: "a plugin",
    base: () => [...proxyAt, "--exec", "plugin"],
    options: {
      "--server": [() => ["--server", "https://a.example"], "--server is given twice"],
      "--ca-bundle": [() => ["--ca-bundle", at("ca.pem")]],
      "--token": [() => ["--token", "a"], "--token and --exec are two credentials; leave one out"],
      "--token-file": [
        () => ["--token-file", at("token")],
        "--token-file and --exec are two credentials; leave one out",
      ],
      "--oidc": [() => ["--oidc", "https://a.example,b"], "--oidc and --exec are two credentials; leave one out"],
      "--oidc-scope": [() => ["--oidc-scope", "groups"], "--oidc-scope goes with --oidc"],
      "--client-certificate": [
        () => ["--client-certificate", at("tls.crt")],
        "--client-certificate and --exec are two credentials; leave one out",
      ],
      "--client-key": [() => ["--client-key", at("tls.key")], "--client-key goes with --client-certificate"],
      "--exec": [() => ["--exec", "login"], "--exec is given twice"],
      "--exec-arg": [() => ["--exec-arg", "a"]],
      "--name": [() => ["--name", "mine"]],
      "--namespace": [() => ["--namespace", "team-a"]],
      "-o": [() => ["-o", "json"]],
    },
  },
  {
    command: "key",
    mode: "a cluster",
    base: () => ["prod"],
    options: { "--host": [() => ["--host", "guard.example.com"]], "-o": [() => ["-o", "json"]] },
  },
  { command: "infra/kubernetes/examples", mode: "", base: () => [], options: {} },
];

beforeAll(() => {
  writeFileSync(
    at("other.yaml"),
    'name: other\ntargets:\n  - { group: g.example, versions: ["*"], resources: [things], fields: [spec.user] }\n',
  );
  const request = {
    uid: "1",
    operation: "CREATE",
    resource: { group, version: "v1alpha2", resource: "mustachetemplates" },
    userInfo: { username: "alice", groups: ["system:authenticated"] },
    object: stored[0],
  };
  writeFileSync(
    at("review.json"),
    JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request }),
  );
});

/** The kubeconfig that is taken where none is named. */
const usual = () => ({ environment: { KUBECONFIG: at("kubeconfig") } });

/**
 * All that can be seen of a run: what it prints, and what it asks a cluster as which user. Secrets that are new each time are left out, and
 * how long something took.
 */
const observe = async (command: string, args: readonly string[]) => {
  peer.seen.splice(0);
  const { status, stdout, stderr } = await runCommand(command, args, usual());
  const asked = peer.seen.map(({ method, url: path, headers }) => `${method} ${path} ${headers.authorization}`).sort();
  const same = stdout.replaceAll(/[\w-]{43}\b|sha256:\w+/g, "SECRET").replaceAll(/\b\d+ ms\b/g, "some ms");
  return { status, stderr, stdout: same, asked };
};

describe.each(modes)("$command: $mode", ({ command, base, options }) => {
  let plain: Awaited<ReturnType<typeof observe>>;
  beforeAll(async () => {
    plain = await observe(command, base());
  });

  test("two runs look the same, so that a difference is the option's", async () => {
    expect(await observe(command, base())).toEqual(plain);
    expect(plain.stderr).not.toMatch(/\n {4}at |node:internal/);
  });

  test.each(Object.entries(options))("%s", async (_, [args, refusal]) => {
    const seen = await observe(command, [...base(), ...args()]);
    expect(seen).not.toEqual(plain);
    if (refusal === undefined) expect(seen.status).not.toBe(2);
    else expect([seen.status, seen.stderr]).toEqual([2, expect.stringContaining(refusal)]);
  });
});

describe.each([...new Set(modes.map(({ command }) => command))])("%s", (command) => {
  test("each option of --help is a row in each mode", async () => {
    const { stdout } = await runCommand(command, ["--help"]);
    const listed = [...stdout.matchAll(/^ {2}(--?[a-z-]+)/gm)].map(([, option]) => option);
    for (const mode of modes.filter((each) => each.command === command))
      expect(Object.keys(mode.options)).toEqual(listed);
  });

  test("another option, and an argument too many, are refused", async () => {
    for (const args of [["--nonsense"], ["a", "b"]])
      expect(await runCommand(command, args)).toMatchObject({ status: 2, stdout: "" });
  });
});

test("every command of the program is tried here, or has a test of its own", async () => {
  const { stdout } = await runCommand("--help", []);
  const listed = [...stdout.matchAll(/^ {2}([a-z]+) {2}/gm)].map(([, name]) => name ?? "");
  const tried = [...new Set(modes.map(({ command }) => command))].filter((command) => !command.includes("/"));
  // start and proxy do not end; completion has no options, and completion.test.ts tries its argument.
  const ofTheirOwn = ["start", "proxy", "completion", "credential", "certificate"];
  expect(listed.toSorted()).toEqual([...tried, ...ofTheirOwn].sort());
});

test.each([
  ["manifests", ["--twins"], ["--admission-policies"]],
  ["manifests", ["--examples", "--output", "json"], ["--examples", "-o", "json"]],
  ["manifests", ["--examples", "--output=json"], ["--examples", "-ojson"]],
  [
    "invoke",
    ["--rbac", at("roles.yaml"), "events/rbac.yaml"],
    [`--rbac=${at("roles.yaml")}`, "--rbac", "events/rbac.yaml"],
  ],
])("%s %j is %j", async (command, one, other) => {
  const seen = await observe(command, one);
  expect(seen.status).not.toBe(2);
  expect(seen).toEqual(await observe(command, other));
});

test.each<readonly [string, readonly string[], string]>([
  ["no --actor", [], "--actor is missing; name the user of the kubeconfig that impersonates"],
  ["--actor", ["--actor", "nope"], "nope"],
  ["--kubeconfig", ["--actor", "a", "--kubeconfig", at("missing")], "cannot be read (ENOENT)"],
  ["--context", ["--actor", "a", "--context", "nope"], "nope"],
  ["--port", ["--actor", "a", "--port", "65536"], "--port 65536 is not a port"],
  ["--host", ["--actor", "a", "--host", "a/b"], "--host a/b"],
  ["--tls-cert", ["--actor", "a", "--tls-cert", "x"], "--tls-cert and --tls-key go together"],
  ["--tls-key", ["--actor", "a", "--tls-key", "x"], "--tls-cert and --tls-key go together"],
  ["--uid", ["--actor", "a", "--uid", "both"], "--uid both is not passthrough or impersonate"],
  ["--anonymous-exception", ["--actor", "a", "--anonymous-exception", "x"], "is not GROUPPREFIX/RESOURCE"],
])("proxy does not start with a wrong option: %s", async (_, args, sentence) => {
  const { status, stdout, stderr } = await runCommand("proxy", args, usual());
  expect([status, stdout, stderr]).toEqual([2, "", expect.stringContaining(sentence)]);
});

describe("start", () => {
  /** What it prints at first. */
  const printed = async (args: readonly string[]): Promise<string> => {
    // In a folder of its own: another file's first start would make another CA at the same time.
    const { child, said } = startCommand("start", args, { ...usual(), folder });
    const closed = once(child, "close");
    await eventually(() => expect(said.stdout).toMatch(/^kind: Validating[\s\S]*\[v1\]\n$/m));
    child.kill();
    await closed;
    return said.stdout;
  };
  let port: string;
  let another: string;
  let plain: string;
  beforeAll(async () => {
    [port = "", another = ""] = (await freePorts(2)).map(String);
    plain = await printed(["--port", port]);
  });

  const changes: Readonly<Record<string, () => readonly string[]>> = {
    "--host": () => ["--host", "guard.test"],
    "--rbac": () => ["--rbac", at("roles.yaml")],
    "--kubeconfig": () => ["--kubeconfig", at("kubeconfig")],
    "--context": () => ["--context", "two"],
    "--policy": () => ["--policy", at("other.yaml")],
    "--tls-cert": () => ["--tls-cert", at("tls.crt"), "--tls-key", at("tls.key")],
  };
  const refused: Readonly<Record<string, readonly [readonly string[], string]>> = {
    "--rbac": [["--rbac", "events/rbac.yaml", "--kubeconfig", "x"], "--rbac and --kubeconfig: only one of them"],
    "--tls-cert": [["--tls-cert", "x"], "--tls-cert and --tls-key go together"],
    "--tls-key": [["--tls-key", "x"], "--tls-cert and --tls-key go together"],
  };

  test("each option of --help is a row here", async () => {
    const { stdout } = await runCommand("start", ["--help"]);
    const listed = [...stdout.matchAll(/^ {2}(--?[a-z-]+)/gm)].map(([, option]) => option);
    expect(new Set(["--port", ...Object.keys(changes), ...Object.keys(refused)])).toEqual(new Set(listed));
  });

  test("two starts look the same", async () => {
    expect(await printed(["--port", port])).toBe(plain);
  });

  test("--port", async () => {
    expect(await printed(["--port", another])).toBe(plain.replaceAll(port, another));
  });

  test.each(Object.entries(changes))("%s", async (_, args) => {
    expect(await printed(["--port", port, ...args()])).not.toBe(plain);
  });

  test.each(Object.entries(refused))("%s where it means nothing", async (_, [args, sentence]) => {
    const { status, stdout, stderr } = await runCommand("start", args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(sentence);
  });
});

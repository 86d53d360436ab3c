import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  type RegisteredContext,
  readRegistry as readRegistryWith,
} from "../../../../functions/registry/read-registry.ts";
import { hashOfKey } from "../../../../functions/webhook/caller-key.ts";
import { webhookClusters } from "../../../../functions/webhook/webhook-cluster.ts";

const keys = [hashOfKey("key")];
const mint = () => expect.unreachable("no token is minted");
const readRegistry = (text: string, directory: string) =>
  readRegistryWith({ text, directory }, { mint, region: "eu-west-1" }, webhookClusters);

interface Entry {
  readonly context?: string;
  readonly extension?: unknown;
  /** Members of the context, in place of the usual ones. */
  readonly members?: object;
  readonly user?: unknown;
  readonly cluster?: object;
}

/** JSON is YAML: a kubeconfig with a context, a cluster and a user for every entry. */
const kubeconfig = (...entries: readonly Entry[]): string =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: entries.map(({ cluster }, at) => ({
      name: `cluster-${at}`,
      cluster: { server: `https://192.0.2.${at}:6443`, ...cluster },
    })),
    users: entries.map(({ user = { token: "s3cret" } }, at) => ({ name: `user-${at}`, user })),
    contexts: entries.map(({ context = "prod", extension = { keys }, members }, at) => ({
      name: context,
      context: {
        cluster: `cluster-${at}`,
        user: `user-${at}`,
        extensions: [
          { name: "minikube.sigs.k8s.io", extension: { version: "v1", keys: "of another program" } },
          { name: "impersonation-admission", extension },
        ],
        ...members,
      },
    })),
  });

const read = (...entries: readonly Entry[]) => {
  const { clusters, problems } = readRegistry(kubeconfig(...entries), "/nowhere");
  return { names: [...clusters.keys()], clusters, problems };
};

const healthy: Entry = { context: "healthy" };

describe("a context is served", () => {
  test.each<[string, Entry, string]>([
    ["by its name", { context: "prod-eu.1_a" }, "prod-eu.1_a"],
    ["by the name in its extension", { context: "admin@prod", extension: { keys, name: "prod" } }, "prod"],
    [
      "by the cluster's name where aws eks update-kubeconfig named it",
      { context: "arn:aws:eks:eu-central-1:111122223333:cluster/payments" },
      "payments",
    ],
    [
      "by the cluster's name in another partition",
      { context: "arn:aws-cn:eks:cn-north-1:111122223333:cluster/payments" },
      "payments",
    ],
    [
      "by the name in its extension, whatever its ARN",
      { context: "arn:aws:eks:eu-central-1:111122223333:cluster/payments", extension: { keys, name: "payments-eu" } },
      "payments-eu",
    ],
    ["by a name of 63 characters", { context: "n".repeat(63) }, "n".repeat(63)],
    ["with two keys", { extension: { keys: [hashOfKey("old"), hashOfKey("new")] } }, "prod"],
  ])("%s", (_, entry, name) => {
    expect(read(entry)).toMatchObject({ names: [name], problems: [] });
  });

  test("with the policy that it names, or the default one", () => {
    const { clusters } = read({ context: "a" }, { context: "b", extension: { keys, policy: "razee-audit" } });
    expect([...clusters.values()].map(({ name, keys: kept, policy }) => [name, kept, policy.name])).toEqual([
      ["a", keys, "razee"],
      ["b", keys, "razee-audit"],
    ]);
  });

  test("from a kubeconfig in YAML, with a comment and a client certificate", () => {
    const text = `
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://192.0.2.1" } }]
users: [{ name: u, user: { token: abc } }]
contexts:
  - name: prod # served
    context:
      cluster: c
      user: u
      extensions:
        - name: impersonation-admission
          extension:
            keys: [${keys[0]}]
`;
    expect([...readRegistry(text, "/nowhere").clusters.keys()]).toEqual(["prod"]);
  });
});

describe("a context that cannot be used is named, and does not affect the others", () => {
  test.each<[string, Entry, RegExp]>([
    ["a name that cannot stand in a URL", { context: "admin@prod" }, /its name cannot stand in a URL; set .*name/],
    ["a name with a slash", { extension: { keys, name: "a/b" } }, /its name cannot stand in a URL/],
    ["a name that is too long", { context: "n".repeat(64) }, /cannot stand in a URL; .* 1 to 63 of/],
    ["an empty name", { extension: { keys, name: "" } }, /its name cannot stand in a URL/],
    ["the name .", { context: "." }, /its name cannot stand in a URL; .* and not . or ../],
    ["the name ..", { extension: { keys, name: ".." } }, /its name cannot stand in a URL/],
    ["a name that is a number", { extension: { keys, name: 7 } }, /its name cannot stand in a URL/],
    ["no extension of ours", { members: { extensions: undefined } }, /keys .* must hold one or two hashes/],
    ["an extension that is a text", { extension: "keys" }, /keys .* must hold one or two hashes/],
    ["no keys", { extension: {} }, /keys .* must hold one or two hashes, each sha256: and 64 hexadecimal digits/],
    ["an empty list of keys", { extension: { keys: [] } }, /keys .* must hold one or two hashes/],
    ["three keys", { extension: { keys: ["a", "b", "c"].map(hashOfKey) } }, /keys .* must hold one or two hashes/],
    ["a key in place of its hash", { extension: { keys: ["s3cret"] } }, /keys .* must hold one or two hashes/],
    ["a key that is not a list", { extension: { keys: keys[0] } }, /keys .* must hold one or two hashes/],
    [
      "a policy that is not there",
      { extension: { keys, policy: "flux" } },
      /policy .* is not a built-in policy; built in are razee/,
    ],
    ["a policy that is written out", { extension: { keys, policy: {} } }, /is not a built-in policy/],
    [
      "a member that is misspelt",
      { extension: { keys, polcy: "razee" } },
      /has an unknown member; the known ones are name, keys, policy, serverIsEks/,
    ],
    ["a user that is not there", { members: { user: "unknown" } }, /user is not in the kubeconfig/],
    ["a cluster that is not there", { members: { cluster: "none" } }, /cluster is not in the kubeconfig/],
    ["a user without credentials", { user: {} }, /no token, tokenFile, client certificate or exec plugin/],
    ["a user with a password", { user: { username: "admin", password: "s3cret" } }, /username is refused/],
    [
      "a user with as-groups and without as",
      { user: { token: "s3cret", "as-groups": ["system:masters"] } },
      /as-groups/,
    ],
    ["a user with as-uid and without as", { user: { token: "s3cret", "as-uid": "1" } }, /as-uid is set without as/],
    ["serverIsEks in quotes", { extension: { keys, serverIsEks: "s3cret" } }, /serverIsEks .* must be true or false/],
    ["a user who is null", { user: null }, /no token, tokenFile/],
    ["a server without TLS", { cluster: { server: "http://192.0.2.1" } }, /server must start with https:/],
    ["a server that is not verified", { cluster: { "insecure-skip-tls-verify": true } }, /insecure-skip-tls-verify is/],
    ["a server behind a proxy", { cluster: { "proxy-url": "http://192.0.2.9" } }, /proxy-url is not supported/],
    [
      "a CA that is not PEM",
      { cluster: { "certificate-authority-data": "Tk8=" } },
      /certificate-authority-data is not PEM/,
    ],
    ["no server", { cluster: { server: undefined } }, /cluster.server is missing/],
  ])("%s", (_, entry, problem) => {
    const { names, problems } = read(healthy, entry);
    expect(names).toEqual(["healthy"]);
    expect(problems).toEqual([expect.stringMatching(problem)]);
    expect(problems[0]).toMatch(/^context ".*?": (?!context)/);
    expect(problems[0]).not.toContain("s3cret");
  });

  test("two contexts that have one name in the URL: neither is served", () => {
    const arn = (region: string) => `arn:aws:eks:${region}:111122223333:cluster/payments`;
    const { names, problems } = read(healthy, { context: arn("eu-central-1") }, { context: arn("us-east-1") });
    expect(names).toEqual(["healthy"]);
    expect(problems).toEqual([
      expect.stringMatching(
        /^context "arn:aws:eks:eu-central-1:.*another context has the name payments in the URL too; set .*name/,
      ),
      expect.stringMatching(/^context "arn:aws:eks:us-east-1:.*another context has the name payments in the URL too/),
    ]);
  });

  test("a name in the URL that is another's context name: neither is served", () => {
    const { names } = read(healthy, { context: "a" }, { context: "b", extension: { keys, name: "a" } });
    expect(names).toEqual(["healthy"]);
  });
});

describe("an exec plugin", () => {
  const exec = (command: string, args: readonly string[] = [], more: object = {}) => ({
    user: { exec: { apiVersion: "client.authentication.k8s.io/v1beta1", command, args, ...more } },
  });
  const eks = exec("aws", ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", "prod"]);

  test.each([
    ["a shell", exec("/bin/sh", ["-c", "echo s3cret"])],
    ["GKE's", exec("gke-gcloud-auth-plugin")],
    ["AKS's", exec("kubelogin", ["get-token"])],
    ["another command of the AWS CLI", exec("aws", ["sso", "login"])],
    ["one that is beside a token, and would not run", { user: { token: "s3cret", ...exec("/bin/sh").user } }],
  ])("of %s is refused: a registry runs no command", (_, entry) => {
    expect(read(healthy, entry)).toMatchObject({
      names: ["healthy"],
      problems: [expect.stringMatching(/^context "prod": user.exec.command is refused: a registry runs no command/)],
    });
  });

  const served = [
    "https://0A1B.gr7.eu-west-1.eks.amazonaws.com",
    "https://0A1B.EU-WEST-1.eks.amazonaws.com:443/",
    "https://0A1B.eks.amazonaws.com",
    "https://eks-cluster.eu-west-1.api.aws",
  ];
  const refused = [
    "https://192.0.2.1",
    "https://0A1B.gr7.us-east-1.eks.amazonaws.com",
    "https://eks.amazonaws.com",
    "https://eks.amazonaws.com.example.com",
    "https://0A1Beks.amazonaws.com",
    "https://eks-cluster.us-east-1.api.aws",
    "https://eu-west-1.api.aws",
    "https://eks-cluster.eu-west-1.api.aws.example.com",
    "https://0A1B.gr7.eu-west-1.eks.amazonaws.com@192.0.2.1",
  ];

  test.each(served)("that makes EKS tokens is minted for %s", (server) => {
    expect(read({ ...eks, cluster: { server } }).problems).toEqual([]);
  });

  test.each(refused)("that makes EKS tokens is not for %s", (server) => {
    expect(read({ ...eks, cluster: { server } })).toMatchObject({
      names: [],
      problems: [expect.stringMatching(/^context "prod": cluster.server /)],
    });
  });

  test("that names no region uses the function's own", () => {
    const plain = exec("aws", ["eks", "get-token", "--cluster-name", "prod"]);
    const problems = [...served, ...refused].map((server) => read({ ...plain, cluster: { server } }).problems.length);
    expect(problems).toEqual([...served.map(() => 0), ...refused.map(() => 1)]);
  });

  test("that makes EKS tokens is minted for any server that is EKS because the registry says so", () => {
    const server = "https://eks.example.com";
    expect(read({ ...eks, cluster: { server } }).problems[0]).toMatch(/set impersonation-admission.serverIsEks: true/);
    expect(read({ ...eks, cluster: { server }, extension: { keys, serverIsEks: true } }).names).toEqual(["prod"]);
  });
});

describe("the message about an unreadable registry says why, and quotes nothing of it", () => {
  test.each<[string, string, RegExp]>([
    ["invalid YAML", "users:\n- token: s3cret\n\tb", /not valid YAML/],
    ["a text", "s3cret", /not a mapping/],
    ["nothing", "", /has no contexts/],
    ["a list", "[s3cret]", /not a mapping/],
    ["a secret of key and value, as the console stores it", '{"kubeconfig":"s3cret"}', /^has no contexts; it must be/],
    ["an empty mapping", "{}", /^has no contexts/],
    ["no contexts", "{contexts: []}", /^has no contexts/],
    ["a Secret of Kubernetes", "{apiVersion: v1, kind: Secret, stringData: {a: s3cret}}", /its kind is not Config/],
    ["two documents", "{contexts: [{name: a}]}\n---\ns3cret: 1", /holds 2 documents and must hold one/],
    [
      "two contexts of one name, whatever their names in the URL",
      kubeconfig({ extension: { keys, name: "a" } }, { extension: { keys, name: "b" } }),
      /^is not a kubeconfig: contexts holds the name "prod" twice; rename one of the two/,
    ],
    [
      "two clusters of one name, as kubeadm calls all of them",
      kubeconfig(healthy, {}).replaceAll("cluster-1", "cluster-0"),
      /^is not a kubeconfig: clusters holds the name "cluster-0" twice/,
    ],
    [
      "two users of one name",
      kubeconfig(healthy, {}).replaceAll("user-1", "user-0"),
      /^is not a kubeconfig: users holds the name "user-0" twice/,
    ],
    [
      "two of our extensions in one context",
      kubeconfig(healthy, {}).replaceAll("minikube.sigs.k8s.io", "impersonation-admission"),
      /^is not a kubeconfig: contexts\[0\].context.extensions holds the name "impersonation-admission" twice/,
    ],
    [
      "a context whose name is a number",
      kubeconfig(healthy, {}).replace('"prod"', "110"),
      /^is not a kubeconfig: contexts\[1\].name is a number and must be a string; put it in quotes$/,
    ],
    ["a context that is a text", "{contexts: [s3cret]}", /^is not a kubeconfig: contexts\[0\] is a string and must be/],
    ["contexts that are a text", "{contexts: s3cret}", /^is not a kubeconfig: contexts is a string and must be a list/],
  ])("%s", (_, text, why) => {
    expect(() => readRegistry(text, "/nowhere")).toThrow(why);
    expect(() => readRegistry(text, "/nowhere")).not.toThrow("s3cret");
  });
});

test("a door reads members of its own, and no other door's", () => {
  const reader = {
    members: ["actor"],
    read: ({ name, extension: { actor }, connecting }: RegisteredContext) => ({ name, actor, label: connecting.label }),
  };
  const minting = { mint, region: undefined };
  const text = (extension: object) => kubeconfig({ extension });
  const { clusters } = readRegistryWith({ text: text({ actor: "a" }), directory: "." }, minting, reader);
  expect([...clusters.values()]).toEqual([{ name: "prod", actor: "a", label: 'cluster "prod"' }]);
  expect(readRegistryWith({ text: text({ keys }), directory: "." }, minting, reader).problems).toEqual([
    'context "prod": impersonation-admission in its extensions has an unknown member; the known ones are name, actor, serverIsEks',
  ]);
});

test("paths are relative to the registry's folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "registry-"));
  writeFileSync(join(folder, "ca.pem"), "no certificate");
  const text = kubeconfig({ cluster: { "certificate-authority": "ca.pem" } });
  expect(readRegistry(text, folder).problems).toEqual([expect.stringContaining("is not PEM that can be read")]);
  expect(readRegistry(text, "/nowhere").problems).toEqual([expect.stringContaining("cannot be read (ENOENT)")]);
  rmSync(folder, { recursive: true });
});

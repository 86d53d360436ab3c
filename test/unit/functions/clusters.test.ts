import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hashOf } from "../../../functions/keys.ts";
import { readRegistry } from "../../../functions/registry/clusters.ts";

const keys = [hashOf("key")];

interface Entry {
  readonly context?: string;
  readonly extension?: unknown;
  /** Members of the context, in place of those that are there. */
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
          { name: "minikube.sigs.k8s.io", extension: { version: "v1", keys: "of somebody else" } },
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
    ["with two keys", { extension: { keys: [hashOf("old"), hashOf("new")] } }, "prod"],
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

  test("from a kubeconfig in YAML, with a comment and a client certificate of nobody else", () => {
    const text = `
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://192.0.2.1" } }]
users: [{ name: u, user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: aws } } }]
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

describe("a context that cannot be used is named, and costs the others nothing", () => {
  test.each<[string, Entry, RegExp]>([
    ["a name that cannot stand in a URL", { context: "admin@prod" }, /"admin@prod" cannot stand in a URL; set .*name/],
    ["a name with a slash", { extension: { keys, name: "a/b" } }, /"a\/b" cannot stand in a URL/],
    ["a name that is too long", { context: "n".repeat(64) }, /cannot stand in a URL; .* 1 to 63 of/],
    ["an empty name", { extension: { keys, name: "" } }, /"" cannot stand in a URL/],
    ["a name that is a number", { extension: { keys, name: 7 } }, /7 cannot stand in a URL/],
    ["no extension of ours", { members: { extensions: undefined } }, /keys .* must hold one or two hashes/],
    ["an extension that is a text", { extension: "keys" }, /keys .* must hold one or two hashes/],
    ["no keys", { extension: {} }, /keys .* must hold one or two hashes, each sha256: and 64 hexadecimal digits/],
    ["an empty list of keys", { extension: { keys: [] } }, /keys .* must hold one or two hashes/],
    ["three keys", { extension: { keys: ["a", "b", "c"].map(hashOf) } }, /keys .* must hold one or two hashes/],
    ["a key in place of its hash", { extension: { keys: ["s3cret"] } }, /keys .* must hold one or two hashes/],
    ["a key that is no list", { extension: { keys: keys[0] } }, /keys .* must hold one or two hashes/],
    ["a policy that is not there", { extension: { keys, policy: "flux" } }, /"flux", is not built in; there are razee/],
    ["a policy that is written out", { extension: { keys, policy: {} } }, /is not built in/],
    [
      "a member that is misspelt",
      { extension: { keys, polcy: "razee" } },
      /polcy .* is unknown; .* name, keys, policy/,
    ],
    ["a user that is not there", { members: { user: "nobody" } }, /user is not in the kubeconfig/],
    ["a cluster that is not there", { members: { cluster: "none" } }, /cluster is not in the kubeconfig/],
    ["a user without credentials", { user: {} }, /no token, tokenFile, client certificate or exec plugin/],
    ["a user with a password", { user: { username: "admin", password: "s3cret" } }, /username is refused/],
    [
      "a user who acts as another's groups",
      { user: { token: "s3cret", "as-groups": ["system:masters"] } },
      /as-groups/,
    ],
    ["a user who is null", { user: null }, /no token, tokenFile/],
    ["a server without TLS", { cluster: { server: "http://192.0.2.1" } }, /server must start with https:/],
    ["a server that nobody verifies", { cluster: { "insecure-skip-tls-verify": true } }, /insecure-skip-tls-verify is/],
    ["a server behind a proxy", { cluster: { "proxy-url": "http://192.0.2.9" } }, /proxy-url is not supported/],
    [
      "a CA that is none",
      { cluster: { "certificate-authority-data": "Tk8=" } },
      /certificate-authority-data is not PEM/,
    ],
    ["no server", { cluster: { server: undefined } }, /cluster/],
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
        /^context "arn:aws:eks:eu-central-1:.*another context is payments in the URL too; set .*name/,
      ),
      expect.stringMatching(/^context "arn:aws:eks:us-east-1:.*another context is payments in the URL too/),
    ]);
  });

  test("a name in the URL that is another's context name: neither is served", () => {
    const { names } = read(healthy, { context: "a" }, { context: "b", extension: { keys, name: "a" } });
    expect(names).toEqual(["healthy"]);
  });

  test("two contexts of one name, whatever their names in the URL: neither is served", () => {
    const { names, problems } = read(
      healthy,
      { context: "prod", extension: { keys, name: "a" } },
      { context: "prod", extension: { keys, name: "b" } },
    );
    expect(names).toEqual(["healthy"]);
    expect(problems).toEqual(Array(2).fill('context "prod": another context has this name; rename one of them'));
  });

  test("a context that is no mapping, or has no name", () => {
    const text = kubeconfig(healthy);
    const broken = JSON.parse(text);
    broken.contexts.push("prod", null, {}, { name: "bare" });
    const { clusters, problems } = readRegistry(JSON.stringify(broken), "/nowhere");
    expect([...clusters.keys()]).toEqual(["healthy"]);
    expect(problems).toHaveLength(2);
  });

  test("a kubeconfig without contexts serves nobody", () => {
    for (const contexts of [[], null, "prod"])
      expect(readRegistry(JSON.stringify({ apiVersion: "v1", kind: "Config", contexts }), "/").clusters.size).toBe(0);
  });
});

describe("a registry that cannot be read at all says why, and nothing of what it holds", () => {
  test.each<[string, string, RegExp]>([
    ["what is no YAML", "users:\n- token: s3cret\n\tb", /no YAML/],
    ["a text", "s3cret", /not a YAML mapping/],
    ["nothing", "", /is no/],
    ["a list", "[s3cret]", /not a YAML mapping/],
  ])("%s", (_, text, why) => {
    expect(() => readRegistry(text, "/nowhere")).toThrow(why);
    expect(() => readRegistry(text, "/nowhere")).not.toThrow("s3cret");
  });
});

test("paths are relative to the registry's folder", () => {
  const folder = mkdtempSync(join(tmpdir(), "registry-"));
  writeFileSync(join(folder, "ca.pem"), "no certificate");
  const text = kubeconfig({ cluster: { "certificate-authority": "ca.pem" } });
  expect(readRegistry(text, folder).problems).toEqual([expect.stringContaining("is not PEM that can be read")]);
  expect(readRegistry(text, "/nowhere").problems).toEqual([expect.stringContaining("cannot be read (ENOENT)")]);
  rmSync(folder, { recursive: true });
});

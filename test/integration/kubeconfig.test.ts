import { createPrivateKey, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { clientCertificate } from "../support/client-certificate.ts";
import { runCommand } from "../support/command.ts";

const folder = mkdtempSync(join(tmpdir(), "kubeconfig-"));
const at = (name: string): string => join(folder, name);
let ca: string;
beforeAll(async () => {
  const made = await throwAwayCertificates({ hosts: ["localhost"] });
  ca = made.ca;
  const alice = await clientCertificate("alice");
  const old = await clientCertificate("alice", new Date("2020-01-01"));
  const files = {
    "ca.pem": `notes\n${made.ca}${made.key}`,
    "alice.crt": alice.cert,
    "alice.key": alice.key,
    "old.crt": old.cert,
    "old.key": old.key,
    token: "a-token\n",
    "two-tokens": "a b\n",
    "not.pem": "nothing",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(at(name), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

const server = ["--server", "https://proxy.example.com:8444/k8s/clusters/prod"];
const kubeconfig = (...args: readonly string[]) => runCommand("kubeconfig", args);

const written = async (...args: readonly string[]) => {
  const { status, stdout, stderr } = await kubeconfig(...args);
  expect(status).toBe(0);
  return { config: parse(stdout), stderr };
};

const kubelogin = (...args: readonly string[]) => ({
  exec: {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "kubectl",
    args: ["oidc-login", "get-token", ...args],
    installHint: expect.stringContaining("kubectl krew install oidc-login"),
    interactiveMode: "IfAvailable",
  },
});

describe("the user of the kubeconfig", () => {
  test.each<[string, () => readonly string[], () => object, string]>([
    [
      "has the token, and standard error says so",
      () => ["--token", "s3cret"],
      () => ({ token: "s3cret" }),
      "warning: the token stands in this output",
    ],
    [
      "has the path of the token file from the root",
      () => ["--token-file", at("token")],
      () => ({ tokenFile: at("token") }),
      "",
    ],
    [
      "logs in by kubelogin",
      () => ["--oidc", "https://login.example.com/realms/a,kubernetes"],
      () => kubelogin("--oidc-issuer-url=https://login.example.com/realms/a", "--oidc-client-id=kubernetes"),
      "",
    ],
    [
      "asks the issuer for scopes",
      () => ["--oidc", "https://login.example.com,c", "--oidc-scope", "groups", "--oidc-scope", "email"],
      () =>
        kubelogin(
          ...["--oidc-issuer-url=https://login.example.com", "--oidc-client-id=c"],
          ...["--oidc-extra-scope=groups", "--oidc-extra-scope=email"],
        ),
      "",
    ],
    [
      "runs a plugin with its arguments",
      () => ["--exec", "login", "--exec-arg", "token", "--exec-arg=--quiet"],
      () => ({
        exec: {
          apiVersion: "client.authentication.k8s.io/v1",
          command: "login",
          args: ["token", "--quiet"],
          interactiveMode: "IfAvailable",
        },
      }),
      "",
    ],
  ])("%s", async (_, args, user, warning) => {
    const { config, stderr } = await written(...server, ...args());
    expect(config).toEqual({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "prod", cluster: { server: server[1] } }],
      users: [{ name: "prod", user: user() }],
      contexts: [{ name: "prod", context: { cluster: "prod", user: "prod" } }],
      "current-context": "prod",
    });
    if (warning === "") expect(stderr).toBe("");
    else expect(stderr).toContain(warning);
    expect(stderr).not.toContain("s3cret");
  });

  test("has the certificate and its key, and standard error says when it ends", async () => {
    const { config, stderr } = await written(
      ...[...server, "--client-certificate", at("alice.crt"), "--client-key", at("alice.key")],
    );
    const { user } = config.users[0];
    expect(Object.keys(user)).toEqual(["client-certificate-data", "client-key-data"]);
    const [certificate, key] = Object.values(user).map((data) => Buffer.from(String(data), "base64"));
    const leaf = new X509Certificate(certificate ?? "");
    expect(leaf.subject).toBe("CN=alice");
    expect(leaf.checkPrivateKey(createPrivateKey(key ?? ""))).toBe(true);
    expect(stderr).toContain(`The certificate ends on ${leaf.validTo}, and cannot be revoked before`);
  });
});

test("the CA is in the kubeconfig, without what else its file holds", async () => {
  const { config } = await written(...server, "--token", "a", "--ca-bundle", at("ca.pem"));
  expect(Buffer.from(config.clusters[0].cluster["certificate-authority-data"], "base64").toString()).toBe(ca);
});

test.each([
  ["https://proxy.example.com/k8s/clusters/prod/", [], "https://proxy.example.com/k8s/clusters/prod", "prod"],
  ["https://Proxy.example.com", [], "https://Proxy.example.com", "proxy.example.com"],
  ["https://[::1]:8444/k8s/clusters/kind@me", [], "https://[::1]:8444/k8s/clusters/kind@me", "kind@me"],
  ["https://a.example/b", ["--name", "mine"], "https://a.example/b", "mine"],
])("%s %j", async (url, more, shown, name) => {
  const { config } = await written("--server", url, "--token", "a", ...more);
  expect([config.clusters[0].cluster.server, config["current-context"]]).toEqual([shown, name]);
});

test("the namespace is that of the context, and -o json is the same object", async () => {
  const args = [...server, "--token", "a", "--namespace", "team-a"];
  const { config } = await written(...args);
  expect(config.contexts[0].context).toEqual({ cluster: "prod", user: "prod", namespace: "team-a" });
  expect(JSON.parse((await kubeconfig(...args, "-o", "json")).stdout)).toEqual(config);
});

const token = ["--token", "s3cret"];
const another = "are two credentials; leave one out";

describe("a user's mistake is a sentence and status 2", () => {
  test.concurrent.each<[string, () => readonly string[], string]>([
    ["no server", () => token, "--server is missing; give the URL that the proxy prints"],
    ["a server without TLS", () => ["--server", "http://a.example", ...token], "--server must start with https://"],
    ["no URL", () => ["--server", "proxy:8444", ...token], '--server "proxy:8444" is not https://HOST[:PORT][/PATH]'],
    ["a user in the URL", () => ["--server", "https://a:b@c.example", ...token], "--server must hold no user name"],
    ["a query", () => ["--server", "https://a.example/b?c", ...token], "remove what follows ? or #"],
    ["no host", () => ["--server", "https://a_b.example:0", ...token], "--server has no host that can be read"],
    ["a path with dots", () => ["--server", "https://a.example/../b", ...token], '--server has the path "/../b"'],
    ["an encoded path", () => ["--server", "https://a.example/%41", ...token], '--server has the path "/%41"'],
    ["no credential", () => server, "no credential is given; give one of --token, --token-file, --oidc, "],
    ["two credentials", () => [...server, ...token, "--exec", "a"], `--token and --exec ${another}`],
    ["two files", () => [...server, "--token-file", "a", "--oidc", "b,c"], `--token-file and --oidc ${another}`],
    ["a token with a blank", () => [...server, "--token", "s3cret a"], "--token holds a blank or a character"],
    ["a token file of standard input", () => [...server, "--token-file", "-"], "name a file"],
    ["a token file that is not there", () => [...server, "--token-file", "none"], "none cannot be read (ENOENT)"],
    ["a file of two tokens", () => [...server, "--token-file", at("two-tokens")], "does not hold one token"],
    ["an issuer alone", () => [...server, "--oidc", "https://a.example"], "is not ISSUER,CLIENT"],
    ["an issuer without TLS", () => [...server, "--oidc", "http://a.example,b"], "the issuer is a URL with https://"],
    ["scopes without OIDC", () => [...server, ...token, "--oidc-scope", "a"], "--oidc-scope goes with --oidc; give"],
    [
      "two scopes in one",
      () => [...server, "--oidc", "https://a.example,b", "--oidc-scope", "a b"],
      "is not one scope",
    ],
    ["arguments without a plugin", () => [...server, ...token, "--exec-arg", "a"], "--exec-arg goes with --exec"],
    ["a key alone", () => [...server, "--client-key", "a"], "--client-key goes with --client-certificate"],
    ["a certificate alone", () => [...server, "--client-certificate", at("alice.crt")], "needs --client-key"],
    [
      "no certificate",
      () => [...server, "--client-certificate", at("not.pem"), "--client-key", at("alice.key")],
      "not.pem holds no PEM certificate",
    ],
    [
      "no key",
      () => [...server, "--client-certificate", at("alice.crt"), "--client-key", at("not.pem")],
      "not.pem holds no PEM key that can be read without a passphrase",
    ],
    [
      "the key of another certificate",
      () => [...server, "--client-certificate", at("alice.crt"), "--client-key", at("old.key")],
      "is not the key of the first certificate in",
    ],
    [
      "a certificate that has ended",
      () => [...server, "--client-certificate", at("old.crt"), "--client-key", at("old.key")],
      "old.crt ended on Jan  1 00:00:00 2020 GMT; get another one",
    ],
    ["a CA that is none", () => [...server, ...token, "--ca-bundle", at("not.pem")], "holds no PEM certificate"],
    ["no namespace", () => [...server, ...token, "--namespace", "Team A"], "--namespace Team A is not the name of"],
  ])("%s", async (_, args, sentence) => {
    const { status, stdout, stderr } = await kubeconfig(...args());
    expect(stderr).toContain(sentence);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).not.toMatch(/s3cret|\n {4}at /);
  });
});

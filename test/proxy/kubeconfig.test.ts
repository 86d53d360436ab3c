import { execFile } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { clientCertificate } from "../support/client-certificate.ts";
import { runCommand } from "../support/command.ts";
import { type Served, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let proxy: Served;
let files: { readonly caFile: string; readonly apiCaFile: string };
const folder = mkdtempSync(join(tmpdir(), "proxy-kubeconfig-"));
const at = (name: string): string => join(folder, name);

/** A program of the PATH that prints an ExecCredential, and refuses other arguments than these. */
const plugin = (name: string, args: string, token: string): void => {
  const credential = { apiVersion: "client.authentication.k8s.io/v1", kind: "ExecCredential", status: { token } };
  const script = `#!/bin/sh\n[ "$*" = "${args}" ] || { echo "unexpected: $*" >&2; exit 1; }\necho '${JSON.stringify(credential)}'\n`;
  writeFileSync(at(name), script);
  chmodSync(at(name), 0o700);
};

beforeAll(async () => {
  const certificates = await clientCertificate("carla");
  for (const [name, text] of Object.entries(certificates)) writeFileSync(at(`carla.${name}`), text);
  stage = await startStage([`--client-ca-file=${at("carla.ca")}`]);
  proxy = await stage.serve();
  files = { caFile: at("proxy.pem"), apiCaFile: at("api.pem") };
  writeFileSync(files.caFile, proxy.ca ?? "");
  writeFileSync(files.apiCaFile, stage.connection.caPem);
  writeFileSync(at("token"), `${stage.connection.tokens["olga"]}\n`);
  plugin("login-as-rita", "get token", stage.connection.tokens["rita"] ?? "");
  plugin(
    "kubectl-oidc_login",
    "get-token --oidc-issuer-url=https://login.example.com --oidc-client-id=kubernetes --oidc-extra-scope=groups",
    stage.connection.tokens["stranger"] ?? "",
  );
  symlinkSync(stage.connection.kubectlProgram, at("kubectl"));
});
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await stage?.stop();
});

/** Writes what the command prints to a file, and runs kubectl with it. Only the plugins' folder is added to the PATH. */
const kubectlWith = async (args: readonly string[]) => {
  const { status, stdout } = await runCommand("kubeconfig", args);
  expect(status).toBe(0);
  writeFileSync(at("config"), stdout, { mode: 0o600 });
  return (...words: readonly string[]) =>
    new Promise<{ readonly stdout: string; readonly stderr: string }>((resolve, reject) => {
      const env = { PATH: [folder, process.env["PATH"]].join(delimiter), HOME: folder };
      const all = ["--kubeconfig", at("config"), ...words];
      execFile(stage.connection.kubectlProgram, all, { env }, (error, out, err) =>
        error ? reject(new Error(err)) : resolve({ stdout: out, stderr: err }),
      );
    });
};

const throughProxy =
  (...credential: readonly string[]) =>
  () => ["--server", proxy.url, "--ca-bundle", files.caFile, ...credential];
const directly =
  (...credential: readonly string[]) =>
  () => ["--server", stage.connection.url, "--ca-bundle", files.apiCaFile, ...credential];

describe("kubectl works with the kubeconfig that is printed", () => {
  test.each<[string, () => readonly string[], string]>([
    ["a token", () => throughProxy("--token", stage.connection.tokens["olga"] ?? "")(), "olga"],
    ["a token file", throughProxy("--token-file", at("token")), "olga"],
    ["a plugin", throughProxy("--exec", at("login-as-rita"), "--exec-arg", "get", "--exec-arg", "token"), "rita"],
    [
      "kubelogin, of which a stand-in prints the token",
      throughProxy("--oidc", "https://login.example.com,kubernetes", "--oidc-scope", "groups"),
      "stranger",
    ],
    // The API server itself takes it: this proxy serves no client certificates.
    [
      "a client certificate",
      directly("--client-certificate", at("carla.cert"), "--client-key", at("carla.key")),
      "carla",
    ],
  ])("%s", async (_, args, username) => {
    const kubectl = await kubectlWith(args());
    expect((await kubectl("config", "view", "--minify")).stdout).toContain("server: https://");
    const { stdout } = await kubectl("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}");
    expect(stdout).toBe(username);
  });

  test("in the namespace that was given", async () => {
    const args = throughProxy("--token-file", at("token"), "--namespace", "kube-system", "--name", "mine");
    const kubectl = await kubectlWith(args());
    expect((await kubectl("config", "current-context")).stdout).toBe("mine\n");
    const { stdout } = await kubectl("get", "configmaps", "-o", "jsonpath={.items[*].metadata.name}");
    expect(stdout).toContain("extension-apiserver-authentication");
  });
});

import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { policies } from "../../functions/policies/index.ts";
import { hashOfKey } from "../../functions/webhook/caller-key.ts";
import { type InClusterOptions, inCluster, type KubernetesObject } from "../../lib/manifests/index.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { runCommand } from "../support/command.ts";
import { helm, helmProgram } from "./world/helm.ts";

const { kubectlProgram } = inject("connection");
const root = fileURLToPath(new URL("../../infra/kubernetes/", import.meta.url));
const chart = join(root, "helm");
const home = mkdtempSync(join(tmpdir(), "charts-"));
beforeAll(() => void helmProgram(), 600_000);
afterAll(() => rmSync(home, { recursive: true }));

/** Objects by kind, namespace and name, in any order. */
const byId = (objects: readonly KubernetesObject[]): Readonly<Record<string, KubernetesObject>> => {
  const entries = objects.map((object) => {
    const { kind, metadata } = object;
    return [`${kind} ${metadata.namespace ?? ""}/${metadata.name}`, object] as const;
  });
  expect(new Set(entries.map(([id]) => id)).size).toBe(entries.length);
  return Object.fromEntries(entries);
};
const documents = (text: string): readonly KubernetesObject[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS({ maxAliasCount: 0 }))
    .filter((object) => object !== null);

/** The chart's objects for values of `--set`. */
const rendered = (...values: readonly string[]) =>
  helm(home, "template", "guard", chart, "--namespace", "doors", "--set", ["image=i:1", ...values].join(","));

const policy = policies.get("razee") as Policy;
const usual: InClusterOptions = {
  ...{ policy, policySource: { builtIn: "razee" }, namespace: "doors", image: "i:1" },
  tlsSecret: "impersonation-admission-tls",
};

describe("helm template makes the objects of manifests --in-cluster", () => {
  test.each<readonly [string, readonly string[], InClusterOptions]>([
    ["with cert-manager", ["certManager=true"], { ...usual, isCertManaged: true }],
    ["with a CA of one's own", ["caBundle=Q0E="], { ...usual, caBundle: "Q0E=" }],
    ["with a Certificate that is there", ["injectCaFrom=a/b"], { ...usual, injectCaFrom: "a/b" }],
    [
      "with everything else that can be chosen",
      [
        ...["caBundle=Q0E=", "image=registry.example.com/guard@sha256:abc", "replicas=3", "policy=razee-audit"],
        ...["tlsSecret=tls", "key=some-key", "failurePolicy=Ignore", "timeoutSeconds=9"],
      ],
      {
        ...{ ...usual, policy: policies.get("razee-audit") as Policy, policySource: { builtIn: "razee-audit" } },
        ...{ caBundle: "Q0E=", image: "registry.example.com/guard@sha256:abc", replicas: 3, tlsSecret: "tls" },
        ...{ key: { text: "some-key", hash: hashOfKey("some-key") }, failurePolicy: "Ignore", timeoutSeconds: 9 },
      },
    ],
    [
      "with the proxy",
      ["certManager=true", "proxy.enabled=true"],
      { ...usual, isCertManaged: true, proxy: { isConstrained: false } },
    ],
    [
      "with the proxy, constrained impersonation and a key",
      ["caBundle=Q0E=", "proxy.enabled=true", "proxy.constrained=true", "key=k"],
      { ...usual, caBundle: "Q0E=", proxy: { isConstrained: true }, key: { text: "k", hash: hashOfKey("k") } },
    ],
  ])("%s", (_, values, options) => {
    const { stdout, stderr, status } = rendered(...values);
    expect([status, stderr]).toEqual([0, ""]);
    expect(byId(documents(stdout))).toEqual(byId(inCluster(options)));
  });

  test.each([
    ["an image", ["image=", "certManager=true"], "image is missing"],
    ["a CA", [], "give caBundle, certManager or injectCaFrom"],
    ["a policy that is built in", ["certManager=true", "policy=flux"], "there is no policy flux in this chart"],
  ])("and nothing without %s", (_, values, sentence) => {
    const { stdout, stderr, status } = rendered(...values);
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toContain(sentence);
  });

  test("and helm lint finds no fault", () => {
    const { stdout, status } = helm(home, "lint", chart, "--strict", "--set", "image=i,certManager=true");
    expect([status, stdout]).toEqual([0, expect.stringContaining("0 chart(s) failed")]);
  });
});

describe("kubectl kustomize makes the objects of manifests --in-cluster --cert-manager", () => {
  test.each([
    ["webhook", []],
    ["webhook-and-proxy", ["--proxy"]],
  ])("%s", async (name, args) => {
    const { stdout, stderr, status } = spawnSync(kubectlProgram, ["kustomize", join(root, "kustomize", name)], {
      encoding: "utf8",
      env: { HOME: home },
    });
    expect([status, stderr]).toEqual([0, ""]);
    const printed = await runCommand("manifests", ["--in-cluster", "--cert-manager", ...args]);
    expect(byId(documents(stdout))).toEqual(byId(documents(printed.stdout)));
  });
});

import { describe, expect, test } from "vitest";
import type { EksTokenRequest } from "../../../../functions/aws/eks-token-request.ts";
import { mergeRegistry } from "../../../../functions/registry/merge-registry.ts";
import { hashOfKey } from "../../../../functions/webhook/caller-key.ts";
import { webhookClusters } from "../../../../functions/webhook/webhook-cluster.ts";
import { impersonationQuestion } from "../../../../lib/question/question.ts";

const noMinting = { mint: () => expect.unreachable("no token is minted"), region: undefined };

/**
 * A kubeconfig as `aws eks update-kubeconfig` writes it, except for names: the cluster and the user have the same name in each document.
 */
const document = (name: string, ...contexts: readonly string[]) => ({
  origin: `parameter /fleet/${name}`,
  directory: ".",
  text: JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "cluster", cluster: { server: `https://${name}.gr7.eu-west-1.eks.amazonaws.com` } }],
    users: [
      {
        name: "user",
        user: {
          exec: {
            apiVersion: "client.authentication.k8s.io/v1beta1",
            command: "aws",
            args: ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", name, "--output", "json"],
          },
        },
      },
    ],
    contexts: contexts.map((context) => ({
      name: context,
      context: {
        cluster: "cluster",
        user: "user",
        extensions: [{ name: "impersonation-admission", extension: { keys: [hashOfKey(name)] } }],
      },
    })),
  }),
});
const broken = (name: string, text = "s3cret: [") => ({ ...document(name), text });

describe("several kubeconfigs are one registry", () => {
  test("of all their contexts", () => {
    const { clusters, problems } = mergeRegistry(
      [document("a", "a1", "a2"), document("b", "b1")],
      noMinting,
      webhookClusters,
    );
    expect([...clusters.keys()]).toEqual(["a1", "a2", "b1"]);
    expect(problems).toEqual([]);
  });

  test("in which each context refers to the cluster and the user of its own document", async () => {
    const minted: EksTokenRequest[] = [];
    const mint = async (request: EksTokenRequest) => {
      minted.push(request);
      throw new Error("no token");
    };
    const { clusters } = mergeRegistry(
      [document("a", "a1"), document("b", "b1")],
      { mint, region: undefined },
      webhookClusters,
    );
    const question = impersonationQuestion({ username: "alice", uid: "", groups: [], extra: {} }, "bob");
    for (const name of ["b1", "a1"]) await clusters.get(name)?.ask([question], Date.now() + 5_000);
    expect(minted).toEqual([
      { cluster: "b", region: "eu-west-1" },
      { cluster: "a", region: "eu-west-1" },
    ]);
    expect(clusters.get("a1")?.keys).toEqual([hashOfKey("a")]);
  });

  test("in which two clusters of one name are both left out", () => {
    const { clusters, problems } = mergeRegistry(
      [document("a", "prod", "a1"), document("b", "prod")],
      noMinting,
      webhookClusters,
    );
    expect([...clusters.keys()]).toEqual(["a1"]);
    expect(problems).toEqual(
      ["a", "b"].map(
        (name) =>
          `parameter /fleet/${name}: another document of the registry has a cluster with the name prod in the URL too`,
      ),
    );
  });

  test("and a document that cannot be read does not affect the others", () => {
    const { clusters, problems } = mergeRegistry(
      [broken("a"), document("b", "b1", "not a name")],
      noMinting,
      webhookClusters,
    );
    expect([...clusters.keys()]).toEqual(["b1"]);
    expect(problems).toEqual([
      expect.stringMatching(/^parameter \/fleet\/a is not valid YAML/),
      expect.stringMatching(/^parameter \/fleet\/b: context "not a name": its name cannot stand in a URL/),
    ]);
    expect(problems.join()).not.toContain("s3cret");
  });
});

test("problems of a single kubeconfig need no origin", () => {
  const { problems } = mergeRegistry([document("a", "not a name")], noMinting, webhookClusters);
  expect(problems).toEqual([expect.stringMatching(/^context "not a name": /)]);
});

test("where none can be read, it throws", () => {
  expect(() => mergeRegistry([broken("a"), broken("b", "text")], noMinting, webhookClusters)).toThrow(
    /^parameter \/fleet\/a is not valid YAML.*; parameter \/fleet\/b is not a kubeconfig/,
  );
});

test("an EKS user with an unsupported option is refused with its field", () => {
  const { text, ...rest } = document("a", "a1");
  const { problems } = mergeRegistry(
    [{ ...rest, text: text.replace("--output", "--profile") }],
    noMinting,
    webhookClusters,
  );
  expect(problems).toEqual([
    'context "a1": user.exec.args holds --profile, which is not supported where the function mints the token',
  ]);
});

import { expect, test } from "vitest";
import { proxyClusters } from "../../../../functions/proxy/proxy-cluster.ts";
import { readRegistry } from "../../../../functions/registry/read-registry.ts";
import { webhookClusters } from "../../../../functions/webhook/webhook-cluster.ts";

const minting = { mint: () => expect.unreachable("no token is minted"), region: undefined };
const keys = [`sha256:${"0".repeat(64)}`];

/** A registry with the contexts `prod`, whose extension is given, and `other`, which the webhook can use. */
const registryWith = (extension: object): string => {
  const context = (name: string, members: object) => ({
    name,
    context: { cluster: "c", user: "asker", extensions: [{ name: "impersonation-admission", extension: members }] },
  });
  return JSON.stringify({
    clusters: [{ name: "c", cluster: { server: "https://prod.example.com" } }],
    users: ["asker", "actor"].map((name) => ({ name, user: { token: name } })),
    contexts: [context("prod", extension), context("other", { keys })],
  });
};

test.each<[what: string, extension: object]>([
  ["an actor alone", { proxy: { actor: "actor" } }],
  ["an actor beside keys", { keys, proxy: { actor: "actor" } }],
])("the webhook leaves a context out that holds %s", (_, extension) => {
  const text = registryWith(extension);
  const { clusters, problems } = readRegistry({ text, directory: "." }, minting, webhookClusters);
  expect([...clusters.keys()]).toEqual(["other"]);
  expect(problems).toEqual([
    'context "prod": impersonation-admission in its extensions has an unknown member; the known ones are name, keys, policy, serverIsEks',
  ]);
});

test("the proxy's function leaves a context out that is the webhook's", () => {
  const text = registryWith({ proxy: { actor: "actor" } });
  const { clusters, problems } = readRegistry(
    { text, directory: "." },
    minting,
    proxyClusters(undefined, () => {}),
  );
  for (const cluster of clusters.values()) cluster.close();
  expect([...clusters.keys()]).toEqual(["prod"]);
  expect(problems).toEqual([expect.stringMatching(/^context "other": .*unknown member/)]);
});

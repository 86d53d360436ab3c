import { afterEach, expect, test } from "vitest";
import { openConnection } from "../../../../functions/cluster/connection.ts";
import { readKubeconfig } from "../../../../functions/cluster/kubeconfig.ts";
import { openActor } from "../../../../functions/proxy/open-actor.ts";
import { checkProxyActor } from "../../../../infra/doctor/check-proxy-actor.ts";
import { json, type Peer, startPeer } from "../../../support/api-server-peer.ts";

let peer: Peer;
afterEach(() => peer.close());

/** The accounts of a proxy at a stand-in of an API server that tells these rules of the acting account. */
const accountsWith = async (rules: object) => {
  peer = await startPeer((seen, response, socket) => {
    const sent = JSON.parse(seen.body);
    const isImpersonated = seen.headers["impersonate-user"] !== undefined;
    const statuses: Readonly<Record<string, object>> = {
      TokenReview: { authenticated: true, user: { username: "actor" } },
      SelfSubjectReview: { userInfo: { username: "asker" } },
      SelfSubjectRulesReview: isImpersonated ? { incomplete: true } : rules,
    };
    json(201, { ...sent, status: statuses[sent.kind] })(seen, response, socket);
  });
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: peer.url, "certificate-authority-data": peer.caData } }],
    users: ["asker", "actor"].map((name) => ({ name, user: { token: `token-of-${name}` } })),
    contexts: [{ name: "prod", context: { cluster: "c", user: "asker" } }],
  };
  const kubeconfig = readKubeconfig(JSON.stringify(config), "/");
  const acting = openActor(kubeconfig, "prod", { user: "actor", field: "--actor" });
  return { asking: openConnection(kubeconfig, "prod"), acting };
};

test("an authorizer that does not tell all gives a warning", async () => {
  expect(await checkProxyActor(await accountsWith({ incomplete: true }))).toEqual({
    actor: "actor",
    result: {
      check: "proxy-actor",
      status: "warn",
      message: 'what "actor" may do is not known in full, because an authorizer besides RBAC does not tell',
      fix: expect.stringContaining('check the rights of "actor" in the other authorizers of this cluster'),
    },
  });
});

test("what is known to be too much fails, also where not all is known", async () => {
  const resourceRules = [{ verbs: ["get"], apiGroups: [""], resources: ["secrets"] }];
  expect(await checkProxyActor(await accountsWith({ incomplete: true, resourceRules }))).toMatchObject({
    actor: undefined,
    result: { status: "fail", message: expect.stringContaining('"actor" may do more than impersonate: get secrets') },
  });
});

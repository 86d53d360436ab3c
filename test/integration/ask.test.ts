import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { ServerOptions } from "node:https";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { MintToken } from "../../functions/aws/eks-token.ts";
import { type Ask, askOf } from "../../functions/cluster/ask.ts";
import { openConnection } from "../../functions/cluster/connection.ts";
import { readKubeconfig } from "../../functions/cluster/kubeconfig.ts";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { impersonationQuestion, question } from "../../lib/question/question.ts";
import { json, type Peer, type Reply, reviewed, startPeer } from "../support/api-server-peer.ts";
import { eventually } from "../support/eventually.ts";
import { useOwnClock } from "../support/own-clock.ts";

const { ca: certificate } = await throwAwayCertificates({ hosts: ["elsewhere"] });

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  vi.useRealTimers();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

const peerThat = async (reply: Reply, options?: ServerOptions): Promise<Peer> => {
  const peer = await startPeer(reply, options);
  cleanups.push(peer.close);
  return peer;
};

const folder = async () => {
  const path = await mkdtemp(join(tmpdir(), "access-"));
  cleanups.push(() => rm(path, { recursive: true }));
  return path;
};

interface Overrides {
  readonly cluster?: object;
  readonly user?: object | null;
  readonly context?: object;
}

/** JSON is YAML: a kubeconfig of one context, `prod`. */
const kubeconfigText = (peer: Pick<Peer, "url" | "caData">, { cluster, user, context }: Overrides = {}) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "cluster-1", cluster: { server: peer.url, "certificate-authority-data": peer.caData, ...cluster } },
    ],
    users: [{ name: "guard", user: user === undefined ? { token: "s3cret" } : user }],
    contexts: [{ name: "prod", context: { cluster: "cluster-1", user: "guard", ...context } }],
  });

const askPeer = (peer: Pick<Peer, "url" | "caData">, overrides?: Overrides, directory = "/nowhere"): Ask =>
  askOf(openConnection(readKubeconfig(kubeconfigText(peer, overrides), directory), "prod"));

const alice = { username: "alice", uid: "u-1", groups: ["dev", "system:authenticated"], extra: { scopes: ["a", "b"] } };
const mayBeBob = impersonationQuestion(alice, "bob");
const soon = () => Date.now() + 25_000;
const yes = reviewed({ allowed: true, reason: "because" });
const hangUp: Reply = (_seen, _response, socket) => {
  socket.destroy();
};

describe("the API server sees", () => {
  test("one POST: path, query, body and headers", async () => {
    const peer = await peerThat(yes);
    expect(await askPeer(peer)([mayBeBob], soon())).toEqual([{ allowed: true, reason: "because" }]);
    const [seen] = peer.seen;
    expect(seen).toMatchObject({
      method: "POST",
      url: "/apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict",
    });
    expect(seen?.headers).toEqual({
      host: new URL(peer.url).host,
      accept: "application/json",
      "content-type": "application/json",
      "content-length": String(seen?.body.length),
      "user-agent": "impersonation-admission",
      authorization: "Bearer s3cret",
      connection: "keep-alive",
    });
    expect(JSON.parse(seen?.body ?? "")).toEqual({
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: "alice",
        uid: "u-1",
        groups: ["dev", "system:authenticated"],
        extra: { scopes: ["a", "b"] },
        resourceAttributes: { verb: "impersonate", group: "", version: "v1", resource: "users", name: "bob" },
      },
    });
  });

  test("a question without its selectors, where Kubernetes 1.30 does not know them", async () => {
    const message =
      'SubjectAccessReview in version "v1" cannot be handled as a SubjectAccessReview: strict decoding error: unknown field "spec.resourceAttributes.labelSelector"';
    const peer = await peerThat((seen, response, socket) =>
      (seen.body.includes("Selector") ? json(400, { kind: "Status", message }) : yes)(seen, response, socket),
    );
    const attributes = { verb: "list", group: "", version: "v1", resource: "pods", namespace: "a", name: "" };
    const labelSelector = { requirements: [{ key: "app", operator: "In" as const, values: ["x"] }] };
    const answers = await askPeer(peer)([question(alice, { ...attributes, labelSelector })], soon());
    expect(answers).toEqual([{ allowed: true, reason: "because" }]);
    const asked = peer.seen.map(({ body }) => JSON.parse(body).spec.resourceAttributes);
    expect(asked).toEqual([{ ...attributes, labelSelector }, attributes]);
  });

  test("the path of the server's URL, with single slashes", async () => {
    const peer = await peerThat(yes);
    await askPeer(peer, { cluster: { server: `${peer.url}//k8s/clusters/c-1//` } })([mayBeBob], soon());
    expect(peer.seen[0]?.url).toBe(
      "/k8s/clusters/c-1/apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict",
    );
  });

  test("one connection for a hundred questions, one after the other", async () => {
    const peer = await peerThat(yes);
    const ask = askPeer(peer);
    for (let nth = 0; nth < 100; nth++) expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(peer.seen).toHaveLength(100);
    expect(peer.connections()).toBe(1);
  });

  test("questions that go out together, and are answered in their order", async () => {
    const waiting: (() => void)[] = [];
    const peer = await peerThat((seen, response, socket) => {
      const { name } = JSON.parse(seen.body).spec.resourceAttributes;
      waiting.push(() => reviewed({ allowed: true, reason: name })(seen, response, socket));
      if (waiting.length === 3) for (const answer of waiting.reverse()) answer();
    });
    const questions = ["a", "b", "c"].map((name) => impersonationQuestion(alice, name));
    const answers = await askPeer(peer)(questions, soon());
    expect(answers).toEqual(["a", "b", "c"].map((reason) => ({ allowed: true, reason })));
  });

  test("nothing where there are no questions", async () => {
    const peer = await peerThat(yes);
    expect(await askPeer(peer)([], soon())).toEqual([]);
    expect(peer.connections()).toBe(0);
  });
});

describe("credentials", () => {
  const plugins = { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never" };
  const credential = { apiVersion: plugins.apiVersion, kind: "ExecCredential" };
  const printing = (token: string) =>
    `console.log(${JSON.stringify(JSON.stringify({ ...credential, status: { token } }))})`;
  const authorization = async (user: object, directory?: string) => {
    const peer = await peerThat(yes);
    expect(await askPeer(peer, { user }, directory)([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    return peer.seen[0]?.headers;
  };

  test("kubectl's tokenFile, relative to the kubeconfig and with a line break", async () => {
    const directory = await folder();
    await writeFile(join(directory, "token"), "from-file\n");
    expect(await authorization({ tokenFile: "token" }, directory)).toMatchObject({ authorization: "Bearer from-file" });
  });

  test.each([
    ["a file wins over a token", "from-file", "Bearer from-file"],
    ["an empty file does not", "\n", "Bearer inline"],
    ["a missing file does not", undefined, "Bearer inline"],
  ])("tokenFile and token: %s", async (_, text, expected) => {
    const directory = await folder();
    if (text !== undefined) await writeFile(join(directory, "token"), text);
    expect(await authorization({ token: "inline", tokenFile: "token" }, directory)).toMatchObject({
      authorization: expected,
    });
  });

  test("a user that asks as another user, with groups, uid and extra", async () => {
    const user = {
      token: "s3cret",
      as: "system:guard",
      "as-uid": "u-1",
      "as-groups": ["g1", "g2"],
      "as-user-extra": { "example.com/Scope%": ["a"] },
    };
    expect(await authorization(user)).toMatchObject({
      authorization: "Bearer s3cret",
      "impersonate-user": "system:guard",
      "impersonate-uid": "u-1",
      "impersonate-group": "g1, g2",
      "impersonate-extra-example.com%2fscope%25": "a",
    });
  });

  test("empty members for impersonation count as absent", async () => {
    const user = { token: "s3cret", as: "", "as-uid": "", "as-groups": [], "as-user-extra": {} };
    expect(Object.keys((await authorization(user)) ?? {}).filter((name) => name.startsWith("impersonate"))).toEqual([]);
  });

  test("a certificate authority after one that cannot be read", async () => {
    const peer = await peerThat(yes);
    const broken = "-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n";
    const bundle = Buffer.from(`${broken}${certificate}${Buffer.from(peer.caData, "base64")}`).toString("base64");
    const ask = askPeer(peer, { cluster: { "certificate-authority-data": bundle } });
    expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
  });

  test("a plugin beside the kubeconfig, which gets its cluster", async () => {
    const directory = await folder();
    const plugin = join(directory, "plugin.cjs");
    const script = `#!${process.execPath}
      const { spec } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
      require("node:fs").writeFileSync(${JSON.stringify(join(directory, "spec"))}, JSON.stringify(spec));
      ${printing("t")}`;
    await writeFile(plugin, script, { mode: 0o755 });
    const config = { audience: "guard" };
    const extensions = [{ name: "client.authentication.k8s.io/exec", extension: config }];
    const peer = await peerThat(yes);
    const exec = { ...plugins, command: "./plugin.cjs", provideClusterInfo: true };
    const ask = askPeer(peer, { user: { exec }, cluster: { "tls-server-name": "localhost", extensions } }, directory);
    expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(JSON.parse(await readFile(join(directory, "spec"), "utf8"))).toEqual({
      interactive: false,
      cluster: {
        server: peer.url,
        "tls-server-name": "localhost",
        "certificate-authority-data": peer.caData,
        config,
      },
    });
  });

  test("a plugin is not run beside a token", async () => {
    const exec = { ...plugins, command: "no-such-plugin" };
    expect(await authorization({ token: "s3cret", exec })).toMatchObject({ authorization: "Bearer s3cret" });
  });

  test("an impersonated user", async () => {
    expect(await authorization({ token: "s3cret", as: "system:guard" })).toMatchObject({
      authorization: "Bearer s3cret",
      "impersonate-user": "system:guard",
    });
  });

  test("a client certificate", async () => {
    const { cert, key } = await throwAwayCertificates({ hosts: ["guard"] });
    const serials: string[] = [];
    const peer = await peerThat(
      (seen, response, socket) => {
        serials.push((socket as TLSSocket).getPeerCertificate().serialNumber);
        yes(seen, response, socket);
      },
      { requestCert: true, rejectUnauthorized: false },
    );
    const base64 = (text: string) => Buffer.from(text).toString("base64");
    const user = { "client-certificate-data": base64(cert), "client-key-data": base64(key) };
    expect(await askPeer(peer, { user })([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(serials).toEqual([new X509Certificate(cert).serialNumber]);
    expect(peer.seen[0]?.headers.authorization).toBeUndefined();
  });

  test("an exec plugin runs once for all questions of a review, and again only when its credential expires", async () => {
    const directory = await folder();
    const plugin = join(directory, "plugin.cjs");
    await writeFile(
      plugin,
      `require("node:fs").appendFileSync(${JSON.stringify(join(directory, "runs"))}, "x");
       const { apiVersion } = JSON.parse(process.env.KUBERNETES_EXEC_INFO);
       console.log(JSON.stringify({ apiVersion, kind: "ExecCredential", status: { token: "minted", expirationTimestamp: "2999-01-01T00:00:00Z" } }));`,
    );
    const peer = await peerThat(yes);
    const exec = { ...plugins, command: process.execPath, args: [plugin] };
    const ask = askPeer(peer, { user: { exec } });
    for (const questions of [[mayBeBob, mayBeBob, mayBeBob], [mayBeBob]])
      for (const answer of await ask(questions, soon())) expect(answer).toMatchObject({ allowed: true });
    expect(peer.seen.map(({ headers }) => headers.authorization)).toEqual(Array(4).fill("Bearer minted"));
    expect(await readFile(join(directory, "runs"), "utf8")).toBe("x");
  });

  /** Refuses every token but this one. */
  const only =
    (token: string): Reply =>
    (seen, ...rest) =>
      (seen.headers.authorization === `Bearer ${token}` ? yes : json(401, {}))(seen, ...rest);

  test("a token file is read again when its token is refused", async () => {
    const directory = await folder();
    const file = join(directory, "token");
    await writeFile(file, "old");
    const peer = await peerThat(yes);
    const ask = askPeer(peer, { user: { tokenFile: "token" } }, directory);
    await ask([mayBeBob], soon());
    await writeFile(file, "new");
    peer.reply = only("new");
    const questions = ["a", "b", "c"].map((name) => impersonationQuestion(alice, name));
    expect(await ask(questions, soon())).toMatchObject(Array(3).fill({ allowed: true }));
    expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(peer.seen.map(({ headers }) => headers.authorization).sort()).toEqual([
      ...Array(4).fill("Bearer new"),
      ...Array(4).fill("Bearer old"),
    ]);
  });

  test("a plugin is run once for all reviews that were refused the same credential", async () => {
    const directory = await folder();
    const runs = join(directory, "runs");
    const count = `const fs = require("node:fs"); fs.appendFileSync(${JSON.stringify(runs)}, "x");
      const token = "t" + fs.readFileSync(${JSON.stringify(runs)}).length;
      console.log(JSON.stringify({ ...${JSON.stringify(credential)}, status: { token } }));`;
    const peer = await peerThat(only("t2"));
    const ask = askPeer(peer, { user: { exec: { ...plugins, command: process.execPath, args: ["-e", count] } } });
    const reviews = Array.from({ length: 5 }, () => ask([mayBeBob], soon()));
    for (const answers of await Promise.all(reviews)) expect(answers).toMatchObject([{ allowed: true }]);
    expect(await readFile(runs, "utf8")).toBe("xx");
  });

  test("an EKS token is minted again when it is refused, once for a review", async () => {
    const minted: (boolean | undefined)[] = [];
    const mint: MintToken = async (_, fresh) => `t${minted.push(fresh)}`;
    const peer = await peerThat(only("t2"));
    const exec = { command: "aws", args: ["eks", "get-token", "--cluster-name", "prod"] };
    const kubeconfig = readKubeconfig(kubeconfigText(peer, { user: { exec } }), "/nowhere");
    const ask = askOf(openConnection(kubeconfig, "prod", { plugins: { mint, region: undefined }, serverIsEks: true }));
    expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    peer.reply = only("none");
    expect(await ask([mayBeBob], soon())).toMatchObject([{ code: 502 }]);
    expect(minted).toEqual([false, true, true]);
    expect(peer.seen.map(({ headers }) => headers.authorization)).toEqual(
      ["t1", "t2", "t2", "t3"].map((t) => `Bearer ${t}`),
    );
  });

  test.each([
    ["empty", "\n"],
    ["missing", undefined],
  ])("a token file that is %s: 502, and no anonymous question is asked", async (_, text) => {
    const directory = await folder();
    if (text !== undefined) await writeFile(join(directory, "token"), text);
    const peer = await peerThat(yes);
    const answers = await askPeer(peer, { user: { tokenFile: "token" } }, directory)([mayBeBob], soon());
    expect(answers).toMatchObject([
      { code: 502, failure: expect.stringMatching(/^could not get credentials for context "prod"/) },
    ]);
    expect(peer.seen).toEqual([]);
  });

  test("two contexts of one kubeconfig never share a token", async () => {
    const [one, two] = [await peerThat(yes), await peerThat(yes)];
    const directory = await folder();
    await writeFile(join(directory, "one"), "token-one");
    await writeFile(join(directory, "two"), "token-two");
    const entry = (peer: Peer, name: string) => ({
      cluster: { name, cluster: { server: peer.url, "certificate-authority-data": peer.caData } },
      user: { name, user: { tokenFile: name } },
      context: { name, context: { cluster: name, user: name } },
    });
    const entries = [entry(one, "one"), entry(two, "two")];
    const text = JSON.stringify({
      clusters: entries.map(({ cluster }) => cluster),
      users: entries.map(({ user }) => user),
      contexts: entries.map(({ context }) => context),
      "current-context": "two",
    });
    const kubeconfig = readKubeconfig(text, directory);
    await askOf(openConnection(kubeconfig, "one"))([mayBeBob], soon());
    await askOf(openConnection(kubeconfig, "two"))([mayBeBob], soon());
    expect(one.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-one"]);
    expect(two.seen.map(({ headers }) => headers.authorization)).toEqual(["Bearer token-two"]);
  });

  test.each([
    [
      "a missing plugin",
      { ...plugins, command: "no-such-plugin" },
      /from the exec plugin "no-such-plugin" \(ENOENT\)$/,
    ],
    [
      "a plugin that fails",
      { ...plugins, command: process.execPath, args: ["-e", "throw Error('hush')"] },
      /could not get credentials for context "prod" from/,
    ],
    [
      "a plugin that prints a token with a line break in it",
      { ...plugins, command: process.execPath, args: ["-e", printing("a\nhush")] },
      /\(ERR_INVALID_CHAR\)$/,
    ],
  ])("%s: 502, without its output", async (_, exec, failure) => {
    const peer = await peerThat(yes);
    const [answer] = await askPeer(peer, { user: { exec } })([mayBeBob], soon());
    expect(answer).toMatchObject({ code: 502, failure: expect.stringMatching(failure) });
    expect(JSON.stringify(answer)).not.toContain("hush");
    expect(peer.seen).toEqual([]);
  });

  test("a plugin that never ends: 504", async () => {
    const peer = await peerThat(yes);
    const exec = { ...plugins, command: process.execPath, args: ["-e", "setTimeout(() => {}, 30_000)"] };
    expect(await askPeer(peer, { user: { exec } })([mayBeBob], Date.now() + 200)).toMatchObject([{ code: 504 }]);
  });

  test("a plugin that takes longer than one review serves the next", async () => {
    const peer = await peerThat(yes);
    const directory = await folder();
    const gate = join(directory, "gate");
    const slow = `setTimeout(process.exit, 60_000); setInterval(() => { if (require("node:fs").existsSync(${JSON.stringify(gate)})) { ${printing("t")}; process.exit(); } }, 10)`;
    const ask = askPeer(peer, { user: { exec: { ...plugins, command: process.execPath, args: ["-e", slow] } } });
    expect(await ask([mayBeBob], Date.now() + 300)).toMatchObject([{ code: 504 }]);
    await writeFile(gate, "");
    expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(peer.seen).toHaveLength(1);
  });
});

describe("a reply that is not an answer", () => {
  beforeEach(useOwnClock);

  const status = (message: string) => ({ kind: "Status", apiVersion: "v1", status: "Failure", message });
  const html: Reply = (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<h1>hi</h1>");
  const halves: Reply = (_, response) =>
    response.writeHead(201, { "content-type": "application/json" }).end('{"kind":"Subj');
  const torn: Reply = (_, response, socket) => {
    response.writeHead(201, { "content-type": "application/json", "content-length": "1000" }).write("{");
    setTimeout(() => socket.destroy(), 20);
  };
  const endless: Reply = (_, response) => {
    response.writeHead(201, { "content-type": "application/json" });
    const write = () => {
      if (!response.destroyed) response.write(" ".repeat(65_536), write);
    };
    write();
  };
  const server = 'the API server of context "prod"';
  const rows: readonly [string, Reply, 502 | 503, string][] = [
    ["401", json(401, status("Unauthorized")), 502, 'the credentials of context "prod" were refused (401); renew them'],
    [
      "403",
      json(403, status('User "guard" cannot create resource "subjectaccessreviews"')),
      502,
      'the identity of context "prod" may not create subjectaccessreviews: User "guard" cannot create resource "subjectaccessreviews"',
    ],
    [
      "403 that is not a Status",
      json(403, "<html>"),
      502,
      'the identity of context "prod" may not create subjectaccessreviews',
    ],
    ["404", json(404, status("not found")), 502, `${server} answered 404: not found`],
    ["400", json(400, status('unknown field "spec.x"')), 502, `${server} answered 400: unknown field "spec.x"`],
    ["429", json(429, status("slow down")), 503, `${server} answered 429: slow down`],
    ["500", json(500, status("etcd")), 503, `${server} answered 500: etcd`],
    ["503", json(503, {}), 503, `${server} answered 503`],
    ["202", json(202, { kind: "SubjectAccessReview" }), 502, `${server} answered 202`],
    ["HTML", html, 502, `${server} answered with invalid JSON`],
    ["half a document", halves, 502, `${server} answered with invalid JSON`],
    [
      "another kind",
      json(201, { kind: "Pod", apiVersion: "v1" }),
      502,
      "the SubjectAccessReview came back with another kind or apiVersion",
    ],
    ["no status", reviewed(undefined), 502, "the SubjectAccessReview came back without a status"],
    ["more than 1 MiB", endless, 502, `${server} answered with more than 1 MiB`],
    ["a reply that ends half-way", torn, 503, `${server} cannot be reached (ECONNRESET)`],
    ["a closed connection", hangUp, 503, `${server} cannot be reached (ECONNRESET)`],
  ];
  test.each(rows)("%s", async (name, reply, code, failure) => {
    const peer = await peerThat(reply);
    expect(await askPeer(peer)([mayBeBob], soon())).toEqual([{ code, failure }]);
    expect(peer.seen).toHaveLength(/^(429|5..)$/.test(name) ? 2 : 1);
  });

  test("a long Status message is cut", async () => {
    const peer = await peerThat(json(500, status("x".repeat(10_000))));
    const [answer] = await askPeer(peer)([mayBeBob], soon());
    expect(JSON.stringify(answer).length).toBeLessThan(500);
  });

  test("a busy server is asked again at the time that it names, if that is in time", async () => {
    const peer = await peerThat((seen, ...rest) =>
      (seen.nth === 1 ? json(429, {}, { "retry-after": "1" }) : yes)(seen, ...rest),
    );
    const started = performance.now();
    expect(await askPeer(peer)([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(performance.now() - started).toBeGreaterThanOrEqual(1_000);
    expect(peer.connections()).toBe(1);
  });

  test.each([301, 302, 303, 307, 308])("a %d redirect is never followed", async (code) => {
    const elsewhere = await peerThat(yes);
    const peer = await peerThat(json(code, {}, { location: `${elsewhere.url}/?secret` }));
    expect(await askPeer(peer)([mayBeBob], soon())).toEqual([
      { code: 502, failure: `${server} answered with a redirect (${code}), which is never followed` },
    ]);
    expect(elsewhere.connections()).toBe(0);
  });

  test("a certificate of another CA", async () => {
    const peer = await peerThat(yes);
    const { ca } = await throwAwayCertificates({ hosts: ["127.0.0.1"] });
    const [answer] = await askPeer({ ...peer, caData: Buffer.from(ca).toString("base64") })([mayBeBob], soon());
    expect(answer).toMatchObject({ code: 502, failure: expect.stringMatching(/no trusted connection .*\([A-Z_]+\)/) });
    expect(peer.seen).toEqual([]);
  });

  test("a certificate for another name: refused, unless tls-server-name gives that name", async () => {
    const peer = await peerThat(yes);
    const named = (name: string) => askPeer(peer, { cluster: { "tls-server-name": name } })([mayBeBob], soon());
    expect(await named("elsewhere.example")).toMatchObject([
      { code: 502, failure: expect.stringContaining("(ERR_TLS_CERT_ALTNAME_INVALID)") },
    ]);
    expect(await named("localhost")).toMatchObject([{ allowed: true }]);
  });

  test("a server without TLS", async () => {
    const plain = createServer((socket) => {
      socket.on("error", () => {});
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    await once(plain.listen(0, "127.0.0.1"), "listening");
    cleanups.push(async () => plain.close());
    const { port } = plain.address() as { port: number };
    const [answer] = await askPeer({ url: `https://127.0.0.1:${port}`, caData: "" })([mayBeBob], soon());
    expect(answer).toMatchObject({ code: 502, failure: expect.stringContaining("no trusted connection") });
  });

  test("a closed port", async () => {
    const peer = await startPeer(yes);
    await peer.close();
    for (const url of [peer.url, peer.url.replace("127.0.0.1", "localhost")])
      expect(await askPeer({ ...peer, url })([mayBeBob], soon())).toEqual([
        { code: 503, failure: `${server} cannot be reached (ECONNREFUSED)` },
      ]);
  });

  test("no such host", async () => {
    const [answer] = await askPeer({ url: "https://no-such-host.invalid", caData: "" })([mayBeBob], soon());
    expect(answer).toMatchObject({
      code: 503,
      failure: expect.stringMatching(/cannot be reached \((ENOTFOUND|EAI_\w+)\)/),
    });
  });

  test("a silent peer: 504 at the deadline, and its connection is not used again", async () => {
    const peer = await peerThat(() => {});
    const ask = askPeer(peer);
    const deadline = Date.now() + 300;
    expect(await ask([mayBeBob, mayBeBob], deadline)).toEqual(
      Array(2).fill({ code: 504, failure: expect.stringMatching(/did not answer within 200 ms$/) }),
    );
    expect(Date.now()).toBeGreaterThanOrEqual(deadline - 100);
    await eventually(() => expect(peer.open()).toBe(0));
    peer.reply = yes;
    expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(peer.connections()).toBe(3);
  });

  test("headers in time, and no body: 504", async () => {
    const peer = await peerThat((_, response) => {
      response.writeHead(201, { "content-type": "application/json" }).write("{");
    });
    expect(await askPeer(peer)([mayBeBob], Date.now() + 200)).toMatchObject([{ code: 504 }]);
  });

  test("one answer and one silent reply: the answer is kept", async () => {
    const peer = await peerThat((seen, ...rest) => {
      if (seen.body.includes('"bob"')) yes(seen, ...rest);
    });
    const questions = [impersonationQuestion(alice, "carol"), mayBeBob];
    expect(await askPeer(peer)(questions, Date.now() + 400)).toMatchObject([{ code: 504 }, { allowed: true }]);
  });

  test("the most questions of a review, and a silent peer: no connection stays open, and nothing is printed", async () => {
    const warnings: Error[] = [];
    const warn = (warning: Error) => void warnings.push(warning);
    process.on("warning", warn);
    cleanups.push(async () => process.off("warning", warn));
    const peer = await peerThat(() => {});
    const questions = Array.from({ length: 64 }, (_, nth) => impersonationQuestion(alice, `u${nth}`));
    expect(await askPeer(peer)(questions, Date.now() + 700)).toEqual(
      Array(64).fill(expect.objectContaining({ code: 504 })),
    );
    await eventually(() => expect(peer.open()).toBe(0));
    expect(peer.seen).toHaveLength(16);
    expect(warnings).toEqual([]);
  });

  test("questions beyond the limit of waiting: 503 at once for those, and the others are answered", async () => {
    const waiting: (() => void)[] = [];
    const peer = await peerThat((...told) => void waiting.push(() => yes(...told)));
    const ask = askPeer(peer);
    const questions = Array.from({ length: 64 }, () => mayBeBob);
    const early = Array.from({ length: 4 }, () => ask(questions, soon()));
    await eventually(() => expect(waiting).toHaveLength(16));
    const late = ask(questions, soon()).then((answers) => answers.filter((answer) => "failure" in answer));
    // 16 are asked and 256 wait: 16 of the last 64 find a place.
    peer.reply = yes;
    for (const answer of waiting.splice(0)) answer();
    expect(await late).toEqual(
      Array(48).fill({ code: 503, failure: `too many questions to ${server} are waiting already` }),
    );
    for (const answers of await Promise.all(early)) expect(answers).toMatchObject(Array(64).fill({ allowed: true }));
    expect(peer.seen).toHaveLength(272);
    expect(peer.connections()).toBe(16);
  });

  test("a deadline in the past: 504, and nothing is sent", async () => {
    const peer = await peerThat(yes);
    expect(await askPeer(peer)([mayBeBob], Date.now() - 1)).toEqual([
      { code: 504, failure: `no time was left to ask ${server}` },
    ]);
    expect(peer.connections()).toBe(0);
  });
});

describe("a connection that died while it was idle", () => {
  beforeEach(useOwnClock);

  test("the request goes out once more, on a fresh connection and not on another idle one", async () => {
    const peer = await peerThat(yes);
    const ask = askPeer(peer);
    await ask([mayBeBob, mayBeBob, mayBeBob], soon());
    expect(peer.connections()).toBe(3);
    peer.reply = (seen, ...rest) => (seen.nth > 1 ? hangUp : yes)(seen, ...rest);
    expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(peer.seen).toHaveLength(5);
    expect(peer.connections()).toBe(4);
  });

  test("but only once, even where every connection is busy and the next one is reused too", async () => {
    const peer = await peerThat(yes);
    const ask = askPeer(peer);
    const others = Array.from({ length: 16 }, () => impersonationQuestion(alice, "carol"));
    await ask(others, soon());
    peer.seen.splice(0);
    peer.reply = (seen, ...rest) => {
      if (seen.body.includes('"bob"')) hangUp(seen, ...rest);
      else setTimeout(() => yes(seen, ...rest), 50);
    };
    const [answer, ...rest] = await ask([mayBeBob, ...others], soon());
    expect(answer).toMatchObject({ code: 503 });
    expect(rest).toEqual(others.map(() => ({ allowed: true, reason: "because" })));
    expect(peer.seen.filter(({ body }) => body.includes('"bob"'))).toHaveLength(2);
  });

  test("after a connection that died silently, the next question goes out on a fresh one", async () => {
    const peer = await peerThat(yes);
    const ask = askPeer(peer);
    await ask([mayBeBob, mayBeBob, mayBeBob], soon());
    peer.reply = (seen, ...rest) => (seen.connection > 3 ? yes : () => {})(seen, ...rest);
    expect(await ask([mayBeBob], Date.now() + 300)).toMatchObject([{ code: 504 }]);
    await eventually(() => expect(peer.open()).toBe(0));
    expect(await ask([mayBeBob], soon())).toMatchObject([{ allowed: true }]);
    expect(peer.connections()).toBe(4);
  });

  test("and not after a reply began", async () => {
    const peer = await peerThat(yes);
    const ask = askPeer(peer);
    await ask([mayBeBob], soon());
    peer.reply = (_, response, socket) => {
      response.writeHead(201, { "content-type": "application/json" }).write("{");
      setTimeout(() => peer.reset(socket), 20);
    };
    expect(await ask([mayBeBob], soon())).toMatchObject([{ code: 503 }]);
    expect(peer.seen).toHaveLength(2);
  });
});

describe("a context is refused at once, with its name and the field", () => {
  const peer = { url: "https://10.0.0.1:6443", caData: "" };
  const pem = (text: string) => Buffer.from(text).toString("base64");
  const exec = { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never", command: "x" };
  const rows: readonly [string, Overrides, string][] = [
    ["http", { cluster: { server: "http://10.0.0.1" } }, "cluster.server must start with https://"],
    ["no URL", { cluster: { server: "10.0.0.1:6443" } }, "cluster.server"],
    ["user info", { cluster: { server: "https://a:b@c" } }, "cluster.server may hold a host, a port and a path only"],
    ["a query", { cluster: { server: "https://c/?x" } }, "cluster.server may hold a host, a port and a path only"],
    [
      "no verification",
      { cluster: { "insecure-skip-tls-verify": true } },
      "cluster.insecure-skip-tls-verify is refused",
    ],
    ["a proxy", { cluster: { "proxy-url": "http://p:3128" } }, "cluster.proxy-url is not supported"],
    [
      "a CA that is not PEM",
      { cluster: { "certificate-authority-data": pem("x") } },
      "cluster.certificate-authority-data is not PEM",
    ],
    [
      "no CA file",
      { cluster: { "certificate-authority": "ca" } },
      "cluster.certificate-authority cannot be read (ENOENT)",
    ],
    ["auth-provider", { user: { "auth-provider": { name: "oidc" } } }, "user.auth-provider is not supported"],
    ["a password", { user: { username: "u", password: "p" } }, "user.username is refused"],
    ["a broken token", { user: { token: "a\nb" } }, "user.token holds characters that a header cannot carry"],
    ["a key alone", { user: { "client-key-data": pem("x") } }, "user.client-certificate is missing beside client-key"],
    ["no exec command", { user: { exec: { apiVersion: "v1" } } }, "user.exec.command is missing"],
    ["an unknown exec version", { user: { exec: { apiVersion: "v1", command: "x" } } }, "user.exec.apiVersion must be"],
    ["no exec version", { user: { exec: { command: "x" } } }, "user.exec.apiVersion must be"],
    ["no exec mode", { user: { exec: { ...exec, interactiveMode: "" } } }, "user.exec.interactiveMode must be Never"],
    ["no name of a variable", { user: { exec: { ...exec, env: [{ value: "x" }] } } }, "user.exec.env holds a variable"],
    [
      "an interactive plugin",
      { user: { exec: { ...exec, interactiveMode: "Always" } } },
      "user.exec.interactiveMode must not be",
    ],
    ["no credentials", { user: {} }, "user has no token, tokenFile, client certificate or exec plugin"],
    ["null", { user: null }, "user has no token"],
    ["no such user", { context: { user: "other" } }, "user is not in the kubeconfig"],
    ["no server", { cluster: { server: "" } }, "cluster.server is missing"],
    ["groups without as", { user: { token: "t", "as-groups": ["g"] } }, "user.as-groups is set without as"],
    ["a uid without as", { user: { token: "t", "as-uid": "u" } }, "user.as-uid is set without as"],
    [
      "extra without as",
      { user: { token: "t", "as-user-extra": { a: ["b"] } } },
      "user.as-user-extra is set without as",
    ],
    [
      "data beside a file",
      { cluster: { "certificate-authority-data": pem("x"), "certificate-authority": "/ca" } },
      "cluster.certificate-authority is set beside certificate-authority-data; keep one of them",
    ],
    [
      "a bundle whose certificates have another name",
      { cluster: { "certificate-authority-data": pem(certificate.replaceAll("CERTIFICATE", "X509 CERTIFICATE")) } },
      "cluster.certificate-authority-data is not PEM",
    ],
    [
      "a bundle after a byte order mark",
      { cluster: { "certificate-authority-data": pem(`\uFEFF${certificate}`) } },
      "cluster.certificate-authority-data is not PEM",
    ],
    ["no such cluster", { context: { cluster: "other" } }, "cluster is not in the kubeconfig"],
  ];
  test.each(rows)("%s", (_, overrides, message) => {
    expect(() => askPeer(peer, overrides)).toThrow(`context "prod": ${message}`);
  });

  test("no such context", () => {
    const kubeconfig = readKubeconfig(kubeconfigText(peer), "/");
    expect(() => askOf(openConnection(kubeconfig, "other"))).toThrow(
      'context "other": context is not in the kubeconfig',
    );
  });

  test("a key that belongs to another certificate", async () => {
    const [one, two] = [await throwAwayCertificates({ hosts: ["a"] }), await throwAwayCertificates({ hosts: ["b"] })];
    const user = { "client-certificate-data": pem(one.cert), "client-key-data": pem(two.key) };
    expect(() => askPeer(peer, { user })).toThrow('context "prod": user.client-key-data does not belong');
  });

  test.each([
    ["a", /^is not a kubeconfig: it is not a mapping$/],
    ["[]", /^is not a kubeconfig: it is not a mapping$/],
    ["users: *hush", /^is not valid YAML: an alias without an anchor \(line 1\)$/],
    ["users: !hush!x", /^is not valid YAML: .* \(line 1\)$/],
    ["users:\n- user: { token: hush\nb: [", /^is not valid YAML: .* \(line \d\)$/],
  ])("%j, which is not a kubeconfig, without quoting it", (text, message) => {
    expect(() => readKubeconfig(text, "/")).toThrow(message);
    expect(() => readKubeconfig(text, "/")).not.toThrow(/hush/);
  });
});

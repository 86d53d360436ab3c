import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type RequestOptions, request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { policies } from "../../functions/policies/index.ts";
import { throwAwayCertificates } from "../../infra/local/certificates.ts";
import { webhookConfigurations } from "../../lib/manifests/index.ts";
import type { Policy } from "../../lib/policy/index.ts";
import { runCommand, startCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { reviewText, template, uid } from "../support/reviews.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "start-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Starts the server and waits until all that it prints at first is there. */
const started = async (...args: readonly string[]) => {
  const { child, said } = startCommand("start", args);
  const whole = /^kind: ValidatingWebhookConfiguration\n[\s\S]*admissionReviewVersions: \[v1\]\n$/m;
  await eventually(() => expect(said.stdout).toMatch(whole));
  const [, url = ""] = /^# listening on (https:\/\/\S+), /.exec(said.stdout) ?? [];
  const stop = async () => {
    child.kill();
    await once(child, "close");
  };
  return { url, said, stop };
};

const send = async (url: string, options: RequestOptions, body = "") => {
  const outgoing = request(url, options);
  outgoing.end(body);
  const [response] = await once(outgoing, "response");
  return { status: response.statusCode, headers: response.headers, json: JSON.parse(await text(response)) };
};

describe("the local server", () => {
  let server: Awaited<ReturnType<typeof started>>;
  let ca: string;
  beforeAll(async () => {
    server = await started("--port", "0");
    ca = readFileSync(join(root, ".local/ca.pem"), "utf8");
  });
  afterAll(() => server.stop());

  const post = { method: "POST", headers: { "content-type": "application/json" } };
  const options = (more: RequestOptions = {}) => ({ ca, agent: false as const, ...more });

  test("says first where it listens and who answers, where its CA is, and how it is registered", () => {
    const [first, second, ...commands] = server.said.stdout.split("\n");
    expect(first).toMatch(/^# listening on https:\/\/localhost:\d+, answering from events\/rbac\.yaml$/);
    expect(second).toBe("# its CA is in .local/ca.pem");
    expect(commands.slice(0, 2)).toEqual([
      `# to register it: npm run -s manifests -- --url ${server.url} --ca-bundle .local/ca.pem | kubectl apply -f -`,
      `# to undo it: npm run -s manifests -- --url ${server.url} | kubectl delete -f -`,
    ]);
    expect(server.said.stdout).not.toContain("\u001b");
  });

  test("prints the configurations that register it, ready to be applied", () => {
    const caBundle = Buffer.from(ca).toString("base64");
    const policy = policies.get("razee") as Policy;
    const printed = parseAllDocuments(server.said.stdout).map((document) => document.toJS());
    expect(printed).toEqual(webhookConfigurations({ policy, client: { url: server.url }, caBundle }));
  });

  test("is alive and ready", async () => {
    for (const path of ["/livez", "/readyz"])
      expect(await send(`${server.url}${path}`, options())).toMatchObject({ status: 200, json: { status: "ok" } });
  });

  test("is not trusted without that CA", async () => {
    await expect(send(`${server.url}/livez`, { agent: false })).rejects.toThrow(/certificate/);
  });

  test("decides, and writes the decision to standard error", async () => {
    const object = template("carol");
    const { status, headers, json } = await send(
      `${server.url}/mutate?timeout=5s`,
      options(post),
      reviewText({ object }),
    );
    expect([status, headers["content-type"]]).toEqual([200, "application/json"]);
    expect(json.response).toMatchObject({ uid, allowed: true, auditAnnotations: { decision: "replaced" } });
    await eventually(() => expect(server.said.stderr).toContain("\n"));
    const entry = JSON.parse(server.said.stderr.split("\n")[0] ?? "");
    expect(entry).toMatchObject({ cluster: "local", endpoint: "mutate", decision: "replaced", requester: "alice" });
  });

  test("writes no more of a name than an identity can have", async () => {
    const written = server.said.stderr.length;
    const review = reviewText({ object: template("carol"), name: "n".repeat(900_000) });
    await send(`${server.url}/mutate?timeout=5s`, options(post), review);
    await eventually(() => expect(server.said.stderr.slice(written)).toMatch(/\n$/));
    const entry = JSON.parse(server.said.stderr.slice(written));
    expect(entry.name).toBe(`${"n".repeat(1024)}… (900000 characters)`);
  });

  test("refuses on the other endpoint what it would have patched", async () => {
    const object = template("carol");
    const { json } = await send(`${server.url}/validate?timeout=5s`, options(post), reviewText({ object }));
    expect(json.response).toMatchObject({ allowed: false, status: { code: 403 } });
  });

  test("answers a body that is not a review as the function would", async () => {
    for (const [path, body, code] of [
      ["/mutate", "no JSON", 400],
      ["/mutate", "x".repeat(9 * 1024 * 1024), 413],
      ["/clusters/prod/key/mutate", reviewText(), 404],
      ["//", "", 404],
      ["//mutate", reviewText(), 404],
    ] as const)
      expect(await send(`${server.url}${path}`, options(post), body)).toMatchObject({ status: code, json: { code } });
  });

  test("another on the same port says so in a sentence", async () => {
    const { status, stdout, stderr } = await runCommand("start", ["--port", new URL(server.url).port]);
    expect(stderr).toMatch(/^cannot listen on port \d+ \(EADDRINUSE\); give another --port\n$/);
    expect([status, stdout]).toEqual([2, ""]);
    expect(readFileSync(join(root, ".local/ca.pem"), "utf8")).toBe(ca);
  });

  test("the command that registers it prints what it prints itself, and the webhook's role", async () => {
    const [, args = ""] = /^# to register it: npm run -s manifests -- (.*) \| /m.exec(server.said.stdout) ?? [];
    const { status, stdout } = await runCommand("manifests", args.split(" "));
    expect(status).toBe(0);
    const own = server.said.stdout.replaceAll(/^#.*\n/gm, "");
    expect(stdout.startsWith(own)).toBe(true);
  });

  test("another start is trusted by the same CA", async () => {
    const another = await started("--port", "0");
    try {
      expect((await send(`${another.url}/livez`, options())).status).toBe(200);
      expect(readFileSync(join(root, ".local/ca.pem"), "utf8")).toBe(ca);
    } finally {
      await another.stop();
    }
  });
});

describe("a server that other machines reach", () => {
  let server: Awaited<ReturnType<typeof started>>;
  let origin: string;
  beforeAll(async () => {
    server = await started("--port", "0", "--host", "guard.test", "--policy", "razee-audit");
    origin = new URL(server.url).origin;
  });
  afterAll(() => server.stop());

  /** As if this machine were called guard.test. */
  const call = (path: string, body: string) => {
    const ca = readFileSync(join(root, ".local/ca.pem"), "utf8");
    const address = `https://127.0.0.1:${new URL(origin).port}${path}`;
    const headers = { "content-type": "application/json" };
    return send(address, { method: "POST", headers, ca, agent: false, servername: "guard.test" }, body);
  };

  test("has a key in its URL, which stays from start to start and is for its owner's eyes", async () => {
    expect(server.url).toMatch(/^https:\/\/guard\.test:\d+\/clusters\/local\/[\w-]{43}$/);
    const key = join(root, ".local/key");
    expect(server.url.endsWith(`/${readFileSync(key, "utf8").trim()}`)).toBe(true);
    for (const secret of [key, join(root, ".local/ca.key")]) expect(statSync(secret).mode & 0o777).toBe(0o600);
  });

  test("answers with that key, and without it no question", async () => {
    const review = reviewText({ object: template("carol") });
    const { pathname } = new URL(server.url);
    expect(await call(`${pathname}/mutate?timeout=5s`, review)).toMatchObject({
      status: 200,
      json: { response: { uid, allowed: true } },
    });
    for (const path of ["/mutate", "/validate", "/clusters/local/mutate", "/clusters/local/KEY/mutate"])
      expect(await call(path, review)).toMatchObject({ status: 404, json: { code: 404 } });
  });

  test("prints the command that registers it with that key, and its policy", () => {
    expect(server.said.stdout).toContain(
      `# to register it: npm run -s manifests -- --url ${server.url} --ca-bundle .local/ca.pem --policy razee-audit | kubectl apply -f -\n`,
    );
  });
});

test("a given certificate is served, and no CA is written or registered", async () => {
  const { ca, cert, key } = await throwAwayCertificates({ hosts: ["localhost"] });
  const [certFile, keyFile] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  writeFileSync(certFile, cert);
  writeFileSync(keyFile, key);
  const { url, said, stop } = await started("--port", "0", "--tls-cert", certFile, "--tls-key", keyFile);
  try {
    expect((await send(`${url}/livez`, { ca, agent: false })).status).toBe(200);
    expect(said.stdout).not.toMatch(/CA|ca-bundle|caBundle/);
  } finally {
    await stop();
  }
});

describe("a user's mistake is a sentence and status 2", () => {
  const odd = join(folder, "odd.pem");
  beforeAll(() => writeFileSync(odd, "no PEM"));

  test.concurrent.each<[string, readonly string[], string]>([
    ["a port that is not a number", ["--port", "https"], "--port https is not a port"],
    ["a port that is too high", ["--port", "65536"], "--port 65536 is not a port"],
    ["an empty port", ["--port", ""], "--port is empty; give it a value, or leave it out"],
    ["a host that is a URL", ["--host", "https://guard"], "is a URL; give its host alone, as in --host guard"],
    ["a host with a port", ["--host", "guard:8443"], "--host guard:8443 is not a name or an address; a port is given"],
    ["a host with a path", ["--host", "guard/v1"], "--host guard/v1 is not a name or an address"],
    ["every address", ["--host", "0.0.0.0"], "--host 0.0.0.0 is every address of this machine, and none that a client"],
    ["every address of IPv6", ["--host", "::"], "--host :: is every address of this machine, and none that a client"],
    ["an address in another form", ["--host", "172.17.1"], "--host 172.17.1 must write its host as 172.17.0.1"],
    ["no host", ["--host", ""], "--host is empty; give it a value, or leave it out"],
    ["a certificate without its key", ["--tls-cert", odd], "--tls-cert and --tls-key go together"],
    ["a missing certificate", ["--tls-cert", "none", "--tls-key", odd], "none cannot be read (ENOENT)"],
    ["a certificate file that holds none", ["--tls-cert", odd, "--tls-key", odd], "--tls-cert and --tls-key: "],
    ["an unknown policy", ["--policy", "flox"], "there is no policy flox; built in are razee, razee-audit"],
    ["a missing kubeconfig", ["--kubeconfig", "none"], "none cannot be read (ENOENT)"],
    ["an unknown option", ["--listen"], "unknown option --listen"],
    ["an argument", ["8443"], "unexpected argument 8443"],
  ])("%s", async (_, args, sentence) => {
    const { status, stdout, stderr } = await runCommand("start", args);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/\n {4}at |node:internal/);
    expect([status, stdout]).toEqual([2, ""]);
  });
});

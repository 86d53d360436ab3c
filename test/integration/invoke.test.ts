import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Peer, reviewed, startPeer } from "../support/api-server-peer.ts";
import { type Ran, type Run, runCommand } from "../support/command.ts";

const invoke = (args: readonly string[] = [], how?: Run) => runCommand("invoke", args, how);
const namesIn = (door: string): readonly string[] =>
  readdirSync(new URL(`../../events/${door}/`, import.meta.url))
    .filter((file) => file.endsWith(".json"))
    .map((file) => file.replace(".json", ""));
const [webhookEvents, proxyEvents] = [namesIn("webhook"), namesIn("proxy")];
const events = [...webhookEvents, ...proxyEvents];
const event = (name: string) => `events/${webhookEvents.includes(name) ? "webhook" : "proxy"}/${name}.json`;
const textOf = (name: string) => readFileSync(new URL(`../../${event(name)}`, import.meta.url), "utf8");

const folder = mkdtempSync(join(tmpdir(), "invoke-"));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string | object) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

const sections = (stdout: string) => stdout.match(/^[A-Z]+$/gm);
const colour = "\u001b[";

const decisions = ["skipped", "self", "permitted", "defaulted", "replaced", "denied"];
const cellsOf = (line: string) => line.split(/ {2,}/);

/** The two tables of a run, each as its lines under its title, and the last line. */
const tablesIn = (stdout: string) => {
  const [webhook = [], proxy = [], [count] = []] = stdout
    .trimEnd()
    .split("\n\n")
    .map((part) => part.split("\n"));
  expect([webhook[0], proxy[0]]).toEqual(["ADMISSION WEBHOOK", "IMPERSONATING PROXY"]);
  return { webhook: webhook.slice(1), proxy: proxy.slice(1), count };
};

describe("without arguments, in a pipe", () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await invoke();
  });

  test("every sample event is a line, uncut, and comes out as it says", () => {
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    const { webhook, proxy, count } = tablesIn(ran.stdout);
    const [head = "", ...lines] = webhook;
    expect(cellsOf(head)).toEqual(["EVENT", "REQUESTER", "WRITE", "NAMES", "OUTCOME", "RUNS AS", "WHY"]);
    expect(cellsOf(proxy[0] ?? "")).toEqual(["EVENT", "CALLER", "REQUEST", "DECISION", "WHY"]);
    expect(count).toBe(`${events.length} events, all as expected`);
    const rows = new Map([...lines, ...proxy.slice(1)].map(cellsOf).map(([name, ...cells]) => [name, cells]));
    expect([...rows.keys()].sort()).toEqual([...events].sort());
    expect(rows.get("create-another-forbidden")).toEqual([
      "alice",
      "create",
      "carol",
      "replaced",
      "alice",
      "impersonate users/carol: no",
    ]);
    expect(rows.get("update-spec-hijack")?.at(-1)).toBe("inherited, impersonate users/alice: no");
    expect(rows.get("create-self")).toEqual(["carol", "create", "carol", "self", "carol", "requester"]);
    expect(rows.get("as-another")).toEqual([
      "alice",
      "get pods/web -n team-a",
      "as bob",
      "impersonate users/bob: yes, request: yes",
    ]);
    expect(rows.get("list-with-selectors")?.[1]).toBe(
      "list pods -n team-a -l app=shop,!canary --field-selector=status.phase=Running",
    );
    expect(rows.get("anonymous")).toEqual(["system:anonymous", "get /version", "no credential", "-"]);
    expect(rows.get("gateway-livez")).toEqual(["-", "-", "-", "HTTP 200", "-", "-"]);
    expect(ran.stdout).not.toContain("…");
  });

  test("there are no colours and no spaces at the ends of lines", () => {
    expect(ran.stdout).not.toContain(colour);
    expect(ran.stdout).not.toMatch(/ $/m);
  });

  test("--all changes nothing", async () => {
    expect(await invoke(["--all"])).toEqual(ran);
  });
});

describe.each([80, 120, 200])("without arguments, on a terminal of %d columns", (columns) => {
  const isRow = (line: string) => !line.startsWith(" ");
  const onTerminal = async (args: readonly string[] = []) => {
    const { status, stdout } = await invoke(args, { terminal: true, columns });
    const text = stripVTControlCharacters(stdout);
    const { webhook, proxy, count } = tablesIn(text);
    const rows = { webhook: webhook.slice(1).filter(isRow), proxy: proxy.slice(1).filter(isRow) };
    return { status, stdout, lines: text.trimEnd().split("\n"), titles: [webhook[0], proxy[0]], rows, count };
  };

  test("the events of both doors that tell the most are shown, in 40 lines, and the last one says of how many", async () => {
    const { status, stdout, lines, titles, rows, count } = await onTerminal();
    expect([status, ...titles.map((title) => cellsOf(title ?? ""))]).toEqual([
      0,
      ["REQUESTER", "WRITE", "NAMES", "OUTCOME", "RUNS AS", "WHY"],
      ["CALLER", "REQUEST", "DECISION", "WHY"],
    ]);
    expect([...new Set(rows.webhook.map((row) => cellsOf(row)[3]))]).toEqual(expect.arrayContaining(decisions));
    expect([...new Set(rows.proxy.map((row) => cellsOf(row)[2]))]).toEqual(
      expect.arrayContaining(["as alice", "as bob", "own token", "no credential", "HTTP 403", "HTTP 400"]),
    );
    const shown = rows.webhook.length + rows.proxy.length;
    expect(count).toBe(`${events.length} events, all as expected; ${shown} are shown, --all shows all`);
    expect(shown).toBeGreaterThanOrEqual(20);
    expect(lines.length).toBeLessThanOrEqual(40);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(stdout).toContain(`${colour}1mREQUESTER${colour}22m`);
  });

  test("--all shows all, and no line is longer than the terminal", async () => {
    const { lines, rows, count } = await onTerminal(["--all"]);
    expect([rows.webhook.length, rows.proxy.length]).toEqual([webhookEvents.length, proxyEvents.length]);
    expect(count).toBe(`${events.length} events, all as expected`);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
  });
});

test("an event that comes out otherwise than it says is shown on a terminal, chosen or not", async () => {
  const strict = file("strict-policy.yaml", "name: strict\ntargets:\n  - { preset: razee, onForbidden: deny }\n");
  const { status, stdout, stderr } = await invoke(["--policy", strict], {
    terminal: true,
    columns: 200,
    environment: { NO_COLOR: "1" },
  });
  const piped = await invoke(["--policy", strict]);
  const failing = new Set([...piped.stderr.matchAll(/^[\w-]+(?=: )/gm)].map(([name]) => name));
  expect([status, piped.status, stderr]).toEqual([1, 1, piped.stderr]);
  expect([...failing]).toEqual(expect.arrayContaining(["create-another-forbidden", "nested-3-carol-names-alice"]));
  expect(stdout.match(/not as expected, /g)).toHaveLength(failing.size);
  expect(stdout).toContain(`${events.length} events, ${failing.size} not as expected; `);
});

test("no two events have one name", () => {
  expect(new Set(events).size).toBe(events.length);
});

test.each(proxyEvents)("%s says its whole outcome", (name) => {
  const { expect: expected } = JSON.parse(textOf(name));
  const members =
    "status" in expected ? ["status", "questions", "message"] : ["outcome", "user", "questions", "headers"];
  expect(Object.keys(expected)).toEqual(members);
});

test("each event of the first screen is a sample event, and is listed once", () => {
  const listed: readonly string[] = JSON.parse(
    readFileSync(new URL("../../events/first-screen.json", import.meta.url), "utf8"),
  );
  expect(events).toEqual(expect.arrayContaining([...listed]));
  expect(new Set(listed).size).toBe(listed.length);
});

describe("with one event", () => {
  test("all that can be known of it is shown, and the change of the object as a diff", async () => {
    const { status, stdout, stderr } = await invoke([event("create-another-forbidden")]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(sections(stdout)).toEqual(["OUTCOME", "QUESTIONS", "RESPONSE", "PATCH", "OBJECT"]);
    expect(stdout).toContain("outcome:   replaced\nreason:    forbidden\neffective: alice\n");
    expect(stdout).toContain("QUESTIONS\nimpersonate users/carol: no\n");
    expect(stdout).toContain('"patchType": "JSONPatch"');
    expect(stdout).toContain('PATCH\n{"op":"replace","path":"/spec/clusterAuth/impersonateUser","value":"alice"}\n');
    expect(stdout).toContain("-    impersonateUser: carol\n+    impersonateUser: alice\n");
    expect(stdout).not.toContain(colour);
  });

  test("of a gateway the object is found, whatever its encoding", async () => {
    const { stdout } = await invoke([event("gateway-rest-api")]);
    expect(stdout).toContain("+  clusterAuth:\n+    impersonateUser: alice\n");
  });

  test("that changes nothing has no patch to show", async () => {
    const { stdout } = await invoke([event("create-self")]);
    expect(sections(stdout)).toEqual(["OUTCOME", "QUESTIONS", "RESPONSE"]);
    expect(stdout).toContain("QUESTIONS\nnone\n");
  });

  test("of the proxy, the header lines that go to the API server are shown, and whose credential", async () => {
    const { status, stdout, stderr } = await invoke([event("as-another")]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(sections(stdout)).toEqual(["OUTCOME", "QUESTIONS", "SENT"]);
    expect(stdout).toContain(
      "caller:    alice\nrequest:   get pods/web -n team-a\noutcome:   impersonated\nuser:      bob\n",
    );
    expect(stdout).toMatch(/^as alice: impersonate users\/bob: yes \(RBAC: allowed by .*\)\nas bob: get pods\/web/m);
    expect(stdout.slice(stdout.indexOf("SENT"))).toBe(`SENT
GET /api/v1/namespaces/team-a/pods/web
Accept: application/json
User-Agent: kubectl/v1.37.2
X-Forwarded-For: 192.0.2.1
Impersonate-User: bob
Impersonate-Group: system:authenticated
Impersonate-Extra-proxy.impersonation-admission%2foriginal-user-info: {"username":"alice","groups":["system:authenticated"]}
Authorization: Bearer (the token of the acting account)

`);
    expect(stdout).not.toContain("token-of-alice");
  });

  test("that the proxy refuses is shown with the Status", async () => {
    const { stdout } = await invoke([event("get-forbidden")]);
    expect(sections(stdout)).toEqual(["OUTCOME", "QUESTIONS", "RESPONSE"]);
    expect(stdout).toContain("QUESTIONS\nas carol: get pods/web -n team-a: no\n");
    expect(stdout).toContain('"reason": "Forbidden"');
    expect(stdout).toContain("decision made by proxy.impersonation-admission");
  });

  test("a yes comes with its reason", async () => {
    const { stdout } = await invoke([event("create-another-permitted")]);
    expect(stdout).toMatch(/^impersonate users\/bob: yes \(RBAC: allowed by ClusterRoleBinding "impersonate-bob" /m);
  });
});

describe("-o json", () => {
  const proxyKeys = ["event", "door", "caller", "request", "outcome", "user", "questions", "sent", "response"];
  const keys = ["event", "door", "requester", "declared", "outcome", "reason", "effective", "questions", "response"];

  test("is a list with exactly these members for each event", async () => {
    const { status, stdout } = await invoke(["-o", "json"]);
    const results = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(results.map(({ event: name }: { event: string }) => name).sort()).toEqual([...events].sort());
    for (const result of results) expect(Object.keys(result)).toEqual(result.door === "proxy" ? proxyKeys : keys);
  });

  test("of one event is a list of one", async () => {
    const { stdout } = await invoke([event("create-another-permitted"), "-o", "json"]);
    expect(JSON.parse(stdout)).toEqual([
      {
        event: "create-another-permitted",
        door: "webhook",
        requester: "alice",
        declared: "bob",
        outcome: "permitted",
        reason: "may-impersonate",
        effective: "bob",
        questions: [
          { question: "impersonate users/bob", answer: "yes", reason: expect.stringContaining("RBAC: allowed by") },
        ],
        response: expect.objectContaining({ kind: "AdmissionReview" }),
      },
    ]);
  });

  test("of a request to the proxy holds what is sent, without the credential", async () => {
    const { stdout } = await invoke([event("service-account"), "-o", "json"]);
    expect(JSON.parse(stdout)).toEqual([
      {
        event: "service-account",
        door: "proxy",
        caller: "system:serviceaccount:team-a:ci",
        request: "list deployments.apps -n team-a",
        outcome: "own token",
        user: "system:serviceaccount:team-a:ci",
        questions: [
          {
            about: "request",
            user: "system:serviceaccount:team-a:ci",
            question: "list deployments.apps -n team-a",
            answer: "yes",
            reason: expect.stringContaining("RBAC: allowed by"),
          },
        ],
        sent: {
          method: "GET",
          target: "/apis/apps/v1/namespaces/team-a/deployments",
          headers: ["Accept: application/json", "User-Agent: kubectl/v1.37.2", "X-Forwarded-For: 192.0.2.1"],
          credential: "caller",
        },
        response: null,
      },
    ]);
  });

  test("of a body that is not a review holds the answer too", async () => {
    const { stdout } = await invoke([event("gateway-wrong-key"), "--output=json"]);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        requester: "",
        outcome: "HTTP 404",
        reason: "NotFound",
        questions: [],
        response: { kind: "Status", code: 404 },
      },
    ]);
  });
});

describe("the judged event, and who answers its questions", () => {
  const input = textOf("create-another-forbidden");

  test("standard input, on the endpoint that is named", async () => {
    const json = { ...JSON.parse(input), expect: undefined };
    const { status, stdout } = await invoke(["-", "--endpoint", "validate"], { input: JSON.stringify(json) });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^event: {5}-$/m);
    expect(stdout).toMatch(/^outcome: {3}denied$/m);
  });

  test("RBAC from several files, and an event after them", async () => {
    const apiGroup = "rbac.authorization.k8s.io";
    const roles = file("roles.yaml", {
      apiVersion: `${apiGroup}/v1`,
      kind: "ClusterRole",
      metadata: { name: "become-carol" },
      rules: [{ apiGroups: [""], resources: ["users"], resourceNames: ["carol"], verbs: ["impersonate"] }],
    });
    const bindings = file("bindings.yml", {
      apiVersion: `${apiGroup}/v1`,
      kind: "ClusterRoleBinding",
      metadata: { name: "become-carol" },
      roleRef: { apiGroup, kind: "ClusterRole", name: "become-carol" },
      subjects: [{ apiGroup, kind: "User", name: "alice" }],
    });
    const json = file("event.json", { ...JSON.parse(input), expect: { outcome: "permitted" } });
    for (const rbac of [
      ["--rbac", roles, bindings],
      ["--rbac", roles, "--rbac", bindings],
      [`--rbac=${roles}`, bindings],
    ])
      expect(await invoke([...rbac, json])).toMatchObject({ status: 0, stderr: "" });
    expect(await invoke(["--rbac", roles, json])).toMatchObject({ status: 1 });
  });

  test("another policy, by its name and from a file", async () => {
    const audit = await invoke([event("create-another-forbidden"), "--policy", "razee-audit", "-o", "json"]);
    expect(JSON.parse(audit.stdout)[0].response.response).toMatchObject({ auditAnnotations: { enforcement: "audit" } });
    const strict = file("strict.yaml", "name: strict\ntargets:\n  - { preset: razee, onForbidden: deny }\n");
    const denied = await invoke([event("create-another-forbidden"), "--policy", strict, "-o", "json"]);
    expect(JSON.parse(denied.stdout)[0].outcome).toBe("denied");
    expect(denied.stderr).toContain('create-another-forbidden: outcome is "denied", expected "replaced"');
  });
});

describe("an event that comes out otherwise than it says", () => {
  const wrong = () =>
    file("wrong.json", {
      ...JSON.parse(textOf("create-self")),
      expect: { outcome: "denied", effective: "alice", questions: [] },
    });

  test("is status 1 and a sentence for each difference", async () => {
    const { status, stdout, stderr } = await invoke([wrong()]);
    expect(status).toBe(1);
    expect(stdout).toContain("outcome:   self");
    expect(stderr).toBe('wrong: outcome is "self", expected "denied"\nwrong: effective is "carol", expected "alice"\n');
  });

  test("of the proxy is a sentence too, and a difference of one header line is one", async () => {
    const { expect: expected, ...rest } = JSON.parse(textOf("smuggled-identity"));
    const headers = [...expected.headers, "X-Remote-User: kubernetes-admin"];
    const one = file("smuggled.json", { ...rest, expect: { ...expected, headers, user: "bob" } });
    const { status, stderr } = await invoke([one]);
    expect(status).toBe(1);
    expect(stderr).toContain('smuggled: user is "alice", expected "bob"\nsmuggled: headers is ["Accept');
  });

  test("is marked among others, which are shown too", async () => {
    const { status, stdout } = await invoke([wrong(), event("create-self")]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^wrong .* self {2,}carol {2,}not as expected, requester$/m);
    expect(stdout).toMatch(/^create-self .* self {2,}carol {2,}requester$/m);
    expect(stdout.trimEnd().split("\n").at(-1)).toBe("2 events, 1 not as expected");
  });
});

describe("a user's mistake is status 2 and a sentence, and nothing is run", () => {
  test.concurrent.each<[string, () => readonly string[], string]>([
    ["a file that is not there", () => ["none.json"], "none.json cannot be read (ENOENT)"],
    ["a folder", () => ["events"], "events cannot be read (EISDIR)"],
    ["a file that is not JSON", () => ["events/rbac.yaml"], "events/rbac.yaml is not a JSON object"],
    ["JSON that is not an object", () => [file("list.json", "[]")], "list.json holds no AdmissionReview (kind), no"],
    [
      "an object of another kind",
      () => ["package.json"],
      "package.json holds no AdmissionReview (kind), no API Gateway event",
    ],
    [
      "a request without a method",
      () => [file("request-1.json", { target: "/" })],
      "request-1.json: method and target must be texts",
    ],
    [
      "headers that are not a list",
      () => [file("request-2.json", { method: "GET", target: "/", headers: {} })],
      "request-2.json: headers must be a list of texts, each Name: value",
    ],
    [
      "a header without a colon",
      () => [file("request-3.json", { method: "GET", target: "/", headers: ["Accept"] })],
      'request-3.json: headers holds "Accept", which is not Name: value',
    ],
    [
      "a caller without a name",
      () => [file("request-4.json", { method: "GET", target: "/", headers: ["Authorization: Bearer a"], caller: {} })],
      "request-4.json: caller.username is empty or not a string",
    ],
    [
      "a caller without a credential",
      () => [file("request-5.json", { method: "GET", target: "/", caller: { username: "alice" } })],
      "request-5.json: caller is given, but no header brings a credential; add Authorization: Bearer TOKEN",
    ],
    [
      "an endpoint of the proxy",
      () => ["--endpoint", "mutate", event("as-another")],
      "--endpoint mutate has no effect",
    ],
    ["a policy of the proxy", () => ["--policy", "razee", event("as-another")], "--policy razee has no effect"],
    ["an option that is not there", () => ["--fast"], "unknown option --fast"],
    ["an option without its value", () => ["--policy"], "--policy needs a value"],
    ["another endpoint", () => ["--endpoint", "convert"], "--endpoint convert is not mutate or validate"],
    [
      "all events and one",
      () => ["--all", event("create-self")],
      "--all shows each sample event; leave it out if events are named",
    ],
    ["another output", () => ["-o", "yaml"], "-o yaml is not table or json"],
    [
      "a policy that is not there",
      () => ["--policy", "flox"],
      "there is no policy flox; built in are razee, razee-audit",
    ],
    ["a policy file that is not there", () => ["--policy", "./flux.yaml"], "./flux.yaml cannot be read (ENOENT)"],
    ["a file that is not a policy", () => ["--policy", file("deny.yaml", "onForbidden: deny")], "deny.yaml: policy "],
    [
      "two policies in one file",
      () => ["--policy", file("two.yaml", "name: a\n---\nname: b\n")],
      "two.yaml: holds 2 documents and must hold one",
    ],
    ["manifests that are not there", () => ["--rbac", "none.yaml"], "none.yaml cannot be read (ENOENT)"],
    ["manifests that are no YAML", () => ["--rbac", file("odd.yaml", "a: [b")], "odd.yaml: "],
    ["manifests that are wrong", () => ["--rbac", file("role.yaml", "kind: Role")], "role.yaml: "],
    [
      "manifests without RBAC",
      () => ["--rbac", "events/rbac.yaml", file("none.yaml", "apiVersion: v1\nkind: List\nitems: []\n")],
      "none.yaml holds no Role, ClusterRole, RoleBinding or ClusterRoleBinding of rbac.authorization.k8s.io",
    ],
    ["manifests of nothing", () => ["--rbac", file("empty.yaml", "# nothing\n")], "empty.yaml holds no Role"],
    [
      "manifests of something else",
      () => ["--rbac", "infra/kubernetes/webhooks.yaml"],
      "--rbac infra/kubernetes/webhooks.yaml holds no Role",
    ],
    ["two who answer", () => ["--rbac", "events/rbac.yaml", "--kubeconfig", "k"], "--rbac and --kubeconfig: only one"],
    [
      "a context beside roles",
      () => ["--rbac", "events/rbac.yaml", "--context", "a"],
      "--rbac and --context: only one",
    ],
    ["a kubeconfig that is not there", () => ["--kubeconfig", "none"], "none cannot be read (ENOENT)"],
    [
      "a file that is not a kubeconfig",
      () => ["--kubeconfig", file("list", "- a")],
      "list: is not a kubeconfig: it is not a mapping",
    ],
    [
      "a kubeconfig of nothing",
      () => ["--kubeconfig", file("k", "{}")],
      "k has no current-context; give --context NAME",
    ],
    ["a context that is not there", () => ["--kubeconfig", file("k", "{}"), "--context", "a"], 'k: context "a": '],
  ])("%s", async (_, args, sentence) => {
    const { status, stdout, stderr } = await invoke(args());
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/\n {4}at |node:internal/);
    expect([status, stdout]).toEqual([2, ""]);
  });
});

describe("asking a cluster", () => {
  let peer: Peer;
  let kubeconfig: string;
  beforeAll(async () => {
    peer = await startPeer(reviewed({ allowed: true, reason: "the stand-in says so" }));
    const context = (user: string) => ({ name: user, context: { cluster: "stand-in", user } });
    kubeconfig = file("kubeconfig", {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "stand-in", cluster: { server: peer.url, "certificate-authority-data": peer.caData } }],
      users: ["guard", "other"].map((name) => ({ name, user: { token: `token-of-${name}` } })),
      contexts: [context("guard"), context("other")],
      "current-context": "guard",
    });
  });
  afterAll(() => peer.close());

  test("its API server answers, not the manifests", async () => {
    const review = file("review.json", { ...JSON.parse(textOf("create-another-forbidden")), expect: undefined });
    const { status, stdout, stderr } = await invoke([review, "--kubeconfig", kubeconfig]);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("impersonate users/carol: yes (the stand-in says so)");
    expect(stdout).toMatch(/^outcome: {3}permitted$/m);
    expect(peer.seen).toMatchObject([{ method: "POST", headers: { authorization: "Bearer token-of-guard" } }]);
    expect(JSON.parse(peer.seen[0]?.body ?? "").spec).toMatchObject({ user: "alice" });
  });

  test("it answers for the proxy too", async () => {
    peer.seen.splice(0);
    const { status, stdout } = await invoke([event("get-forbidden"), "--kubeconfig", kubeconfig]);
    expect(status).toBe(1);
    expect(stdout).toContain("as carol: get pods/web -n team-a: yes (the stand-in says so)");
    expect(JSON.parse(peer.seen[0]?.body ?? "").spec).toMatchObject({
      user: "carol",
      groups: ["system:authenticated"],
    });
  });

  test("another context's credentials, where it is named", async () => {
    peer.seen.splice(0);
    await invoke([event("create-another-permitted"), "--kubeconfig", kubeconfig, "--context", "other"]);
    expect(peer.seen).toMatchObject([{ headers: { authorization: "Bearer token-of-other" } }]);
  });

  test("about an event that was recorded long ago, as if it came now", async () => {
    const { requestContext, ...rest } = JSON.parse(textOf("gateway-http-api"));
    const recorded = {
      ...rest,
      expect: undefined,
      requestContext: { ...requestContext, timeEpoch: 1_700_000_000_000 },
    };
    const { stdout } = await invoke([file("recorded.json", recorded), "--kubeconfig", kubeconfig]);
    expect(stdout).toContain("impersonate users/carol: yes (the stand-in says so)");
  });

  test("one that cannot be reached is a denial that says so", async () => {
    const unreachable = file("unreachable", readFileSync(kubeconfig, "utf8").replace(peer.url, "https://127.0.0.1:1"));
    const { status, stdout } = await invoke([event("create-another-permitted"), "--kubeconfig", unreachable]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/^outcome: {3}denied\nreason: {4}no-answer$/m);
    expect(stdout).toContain("impersonate users/bob: no answer (the API server of context");
  });
});

describe("colours", () => {
  const one = [event("create-another-forbidden")];

  test("are for terminals, and say nothing that the text does not", async () => {
    const [coloured, plain] = [await invoke(one, { terminal: true }), await invoke(one)];
    expect(coloured.stdout).toContain(`${colour}31m-    impersonateUser: carol${colour}39m`);
    expect(stripVTControlCharacters(coloured.stdout)).toBe(plain.stdout);
  });

  test("are left out where NO_COLOR asks for that", async () => {
    const { stdout } = await invoke(one, { terminal: true, environment: { NO_COLOR: "1" } });
    expect(stdout).not.toContain(colour);
  });

  test("make no sentence of an error harder to read in a pipe", async () => {
    expect((await invoke(["none.json"])).stderr).toBe("none.json cannot be read (ENOENT)\n");
    expect((await invoke(["none.json"], { terminal: true })).stderr).toContain(`${colour}31mnone.json`);
  });
});

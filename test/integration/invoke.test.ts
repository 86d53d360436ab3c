import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Peer, reviewed, startPeer } from "../support/api-server-peer.ts";
import { type Ran, type Run, runCommand } from "../support/command.ts";

const invoke = (args: readonly string[] = [], how?: Run) => runCommand("invoke", args, how);
const events = readdirSync(new URL("../../events/webhook/", import.meta.url))
  .filter((file) => file.endsWith(".json"))
  .map((file) => file.replace(".json", ""));
const event = (name: string) => `events/webhook/${name}.json`;
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

describe("without arguments, in a pipe", () => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await invoke();
  });

  test("every sample event is a line, uncut, and comes out as it says", () => {
    expect(ran).toMatchObject({ status: 0, stderr: "" });
    const [head = "", ...lines] = ran.stdout.trimEnd().split("\n");
    expect(cellsOf(head)).toEqual(["EVENT", "REQUESTER", "WRITE", "NAMES", "OUTCOME", "RUNS AS", "WHY"]);
    expect(lines.splice(-2)).toEqual(["", `${events.length} events, all as expected`]);
    const rows = new Map(lines.map(cellsOf).map(([name, ...cells]) => [name, cells]));
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
  const onTerminal = async (args: readonly string[] = []) => {
    const { status, stdout } = await invoke(args, { terminal: true, columns });
    const lines = stripVTControlCharacters(stdout).trimEnd().split("\n");
    return { status, stdout, lines, rows: lines.slice(1, -2).filter((line) => !line.startsWith(" ")) };
  };

  test("some fifteen events are shown, with every decision, and the last line says of how many", async () => {
    const { status, stdout, lines, rows } = await onTerminal();
    expect([status, cellsOf(lines[0] ?? "")]).toEqual([
      0,
      ["REQUESTER", "WRITE", "NAMES", "OUTCOME", "RUNS AS", "WHY"],
    ]);
    expect([...new Set(rows.map((row) => cellsOf(row)[3]))]).toEqual(expect.arrayContaining(decisions));
    expect(lines.at(-1)).toBe(`${events.length} events, all as expected; ${rows.length} are shown, --all shows all`);
    expect(rows.length).toBeGreaterThanOrEqual(14);
    expect(rows.length).toBeLessThanOrEqual(18);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
    expect(stdout).toContain(`${colour}1mREQUESTER${colour}22m`);
  });

  test("--all shows all, and no line is longer than the terminal", async () => {
    const { lines, rows } = await onTerminal(["--all"]);
    expect(rows).toHaveLength(events.length);
    expect(lines.at(-1)).toBe(`${events.length} events, all as expected`);
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

  test("a yes comes with its reason", async () => {
    const { stdout } = await invoke([event("create-another-permitted")]);
    expect(stdout).toMatch(/^impersonate users\/bob: yes \(RBAC: allowed by ClusterRoleBinding "impersonate-bob" /m);
  });
});

describe("-o json", () => {
  const keys = ["event", "requester", "declared", "outcome", "reason", "effective", "questions", "response"];

  test("is a list with exactly these members for each event", async () => {
    const { status, stdout } = await invoke(["-o", "json"]);
    const results = JSON.parse(stdout);
    expect(status).toBe(0);
    expect(results.map(({ event: name }: { event: string }) => name).sort()).toEqual([...events].sort());
    for (const result of results) expect(Object.keys(result)).toEqual(keys);
  });

  test("of one event is a list of one", async () => {
    const { stdout } = await invoke([event("create-another-permitted"), "-o", "json"]);
    expect(JSON.parse(stdout)).toEqual([
      {
        event: "create-another-permitted",
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
    ["JSON that is not an object", () => [file("list.json", "[]")], "list.json holds neither an AdmissionReview nor"],
    ["an object of another kind", () => ["package.json"], "package.json holds neither an AdmissionReview nor an API"],
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
      () => ["--policy", "flux"],
      "there is no policy flux; built in are razee, razee-audit",
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

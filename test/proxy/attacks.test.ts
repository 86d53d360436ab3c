import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditEvent } from "../cluster/harness/audit-log.ts";
import type { Caller } from "../cluster/harness/caller.ts";
import { applied } from "../cluster/world/applied.ts";
import { serviceAccount } from "../cluster/world/namespace.ts";
import { until } from "../cluster/world/until.ts";
import { type Received, send, sendBytes } from "./world/clients.ts";
import { sendFrames } from "./world/frames.ts";
import { type Served, type Stage, startStage } from "./world/stage.ts";

let stage: Stage;
let proxy: Served;
let prefix: string;
let robot: Caller;

beforeAll(async () => {
  stage = await startStage();
  proxy = await stage.serve();
  prefix = new URL(proxy.url).pathname;
  await applied(stage, [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot", namespace: "default" } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "robot" },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view-configmaps" },
      subjects: [{ kind: "ServiceAccount", name: "robot", namespace: "default" }],
    },
  ]);
  robot = await serviceAccount(stage, "default", "robot");
  // The last request without the number of a row.
  await until("the log has the request for a token", async () =>
    stage.auditEvents(0).some(({ objectRef }) => objectRef?.subresource === "token"),
  );
});
afterAll(() => stage?.stop());

const bearer = (name: string): readonly string[] => ["authorization", `Bearer ${stage.user(name).token}`];
const path = "/api/v1/configmaps";
const ours = ["tokenreviews", "subjectaccessreviews", "selfsubjectreviews"];
/** Whether the proxy asks a question, or reads the cluster's certificates, which it does again after a while. */
const isOfProxy = ({ user, objectRef }: AuditEvent): boolean =>
  user.username === "proxy-asker" &&
  (ours.includes(objectRef?.resource ?? "") || objectRef?.name === "extension-apiserver-authentication");

/**
 * The API server may write an event after its answer was sent. So the requests of a row carry the row's number in their query, and events
 * with another number are not the row's.
 */
interface Row {
  readonly number: number;
  readonly mark: number;
}

let lastRow = 0;
const nextRow = (): Row => ({ number: ++lastRow, mark: stage.auditMark() });

/** A target, with the number of a row in its query. */
const ofRow = ({ number }: Row, target: string): string => `${target}${target.includes("?") ? "&" : "?"}row=${number}`;

/** The events of a row, and those without a number, but for the proxy's own requests. */
const eventsOf = ({ number, mark }: Row): readonly AuditEvent[] =>
  stage.auditEvents(mark).filter((event) => {
    const [, other = String(number)] = /[?&]row=(\d+)/.exec(event.requestURI) ?? [];
    return other === String(number) && !isOfProxy(event);
  });

const actorsOf = (row: Row): readonly string[] =>
  eventsOf(row).map(({ user, impersonatedUser }) => `${user.username} as ${impersonatedUser?.username ?? "itself"}`);

/** Checks who made the requests of a row that reached the API server, when the log has the event of a request that was sent after them. */
const expectActors = async (row: Row, expected: readonly string[]): Promise<void> => {
  await expect.poll(() => actorsOf(row), { timeout: 60_000 }).toEqual(expected);
  const end = nextRow();
  await stage.api(stage.user("olga"), { path: ofRow(end, "/version") });
  await until("the log has a later request", async () => eventsOf(end).length > 0);
  expect(actorsOf(row)).toEqual(expected);
};

const decodedStatus = ({ text }: Received) => JSON.parse(text);

describe.each([1, 2] as const)("over HTTP/%i", (http) => {
  // Over HTTP/2, Node takes nine frames of 16 KiB for headers.
  const largeHeader = http === 2 ? 8_000 : 60_000;
  const rows: readonly (readonly [string, () => readonly string[], number, readonly string[]])[] = [
    ["no credential", () => [], 403, ["system:anonymous as itself"]],
    ["an unknown token", () => ["authorization", "Bearer nonsense"], 401, []],
    ["another scheme", () => ["authorization", "Basic b2xnYTpvbGdh"], 403, ["system:anonymous as itself"]],
    ["a good token", () => bearer("rita"), 200, ["proxy-actor as rita"]],
    ["impersonation without the right to", () => [...bearer("rita"), "impersonate-user", "olga"], 403, []],
    [
      "impersonation by someone who may",
      () => [...bearer("olga"), "impersonate-user", "rita"],
      200,
      ["proxy-actor as rita"],
    ],
    [
      "the first of two names counts",
      () => [...bearer("olga"), "impersonate-user", "stranger", "impersonate-user", "rita"],
      403,
      [],
    ],
    ["an unknown impersonation header", () => [...bearer("olga"), "impersonate-everything", "yes"], 400, []],
    ["an impersonation header with underscores", () => [...bearer("rita"), "impersonate_user", "olga"], 400, []],
    ["a group without a user", () => [...bearer("olga"), "impersonate-group", "system:masters"], 400, []],
    ["impersonation without a credential", () => ["impersonate-user", "olga"], 403, []],
    [
      "a front proxy's headers",
      () => [...bearer("rita"), "x-remote-user", "admin", "x-remote-group", "system:masters"],
      200,
      ["proxy-actor as rita"],
    ],
    [
      "the reserved key of extra",
      () => [
        ...bearer("olga"),
        "impersonate-user",
        "rita",
        "impersonate-extra-proxy.impersonation-admission%2foriginal-user-info",
        "x",
      ],
      403,
      [],
    ],
    ["a name in UTF-8", () => bearer("zo\u00eb"), 403, []],
    [
      "impersonation of a name beyond Latin-1",
      () => [...bearer("olga"), "impersonate-user", Buffer.from("\u738b\u82b3").toString("latin1")],
      403,
      [],
    ],
    ["impersonation of a name in Latin-1", () => [...bearer("olga"), "impersonate-user", "zo\u00eb"], 400, []],
    ["impersonation of a name with a tab", () => [...bearer("olga"), "impersonate-user", "ri\tta"], 403, []],
    [
      "a group whose name has a comma",
      () => [...bearer("olga"), "impersonate-user", "stranger", "impersonate-group", "x,readers"],
      403,
      [],
    ],
    [
      "500 groups asked for",
      () => [
        ...bearer("olga"),
        "impersonate-user",
        "rita",
        ...Array.from({ length: 500 }, (_, at) => ["impersonate-group", `g${at}`]).flat(),
      ],
      400,
      [],
    ],
    [
      "200 groups asked for",
      () => [
        ...bearer("olga"),
        "impersonate-user",
        "rita",
        ...Array.from({ length: 200 }, (_, at) => ["impersonate-group", `g${at}`]).flat(),
      ],
      200,
      ["proxy-actor as rita"],
    ],
    [
      `headers of ${15 * largeHeader} bytes`,
      () => [
        ...bearer("rita"),
        ...Array.from({ length: 15 }, (_, at) => [`x-large-${at}`, "z".repeat(largeHeader)]).flat(),
      ],
      200,
      ["proxy-actor as rita"],
    ],
    ["a caller in 500 groups", () => bearer("member"), 200, ["proxy-actor as member"]],
  ];
  test.each(rows)("%s", async (_name, lines, status, acted) => {
    const row = nextRow();
    const received = await send(proxy, { http, path: ofRow(row, path), lines: lines() });
    expect([received.status, received.text.slice(0, received.status === 200 ? 0 : 300)]).toEqual([
      status,
      status === 200 ? "" : expect.stringContaining('"kind":"Status"'),
    ]);
    await expectActors(row, acted);
  });

  test("a service account goes on with its own token, and not as another user", async () => {
    const row = nextRow();
    const lines = ["authorization", `Bearer ${robot.token}`];
    const received = await send(proxy, { http, path: ofRow(row, path), lines });
    expect(received.status).toBe(200);
    await expectActors(row, ["system:serviceaccount:default:robot as itself"]);
  });

  test.each([
    ["zo\u00eb", ["\u00fcber", "system:authenticated"]],
    ["\u738b\u82b3", ["\u0433\u0440\u0443\u043f\u043f\u0430", "\ud83d\udc33", "system:authenticated"]],
  ])("names and groups arrive as they are, whatever their letters: %s", async (username, groups) => {
    const row = nextRow();
    const body = JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "SelfSubjectReview" });
    const received = await send(proxy, {
      ...{ http, method: "POST", path: ofRow(row, "/apis/authentication.k8s.io/v1/selfsubjectreviews"), body },
      lines: [...bearer(username), "content-type", "application/json"],
    });
    const bytes = Buffer.from(received.text).toString();
    expect(JSON.parse(bytes).status.userInfo).toMatchObject({ username, groups });
    await expectActors(row, [`proxy-actor as ${username}`]);
  });

  test.each([
    "/k8s/clusters/other/api",
    "/k8s/clusters/pro%64/api",
    "/k8s/clusters/prodx/api",
    "/k8s/clusters/PROD/api",
    "/k8s/clusters/prod;x/api",
    "/k8s/clusters/prod%00/api",
    "/k8s/clusters/prod%2f..%2fother/api",
    "/k8s/clusters/prod\\api",
    "/k8s/clusters//prod/api",
    "/k8s/clusters/./prod/api",
    "/k8s//clusters/prod/api",
    "/k8s/clusters//api",
    "/k8s/clusters/prod%2fapi",
    "/k8s/clusters/../clusters/prod/api",
    "//k8s/clusters/prod/api",
    "/K8S/clusters/prod/api",
    "/api/v1/namespaces",
    "/clusters/prod/key/mutate",
    "/mutate",
    "/validate",
    "/livez",
    "/metrics",
  ])("a path that is not the proxy's is 404: %s", async (target) => {
    const row = nextRow();
    const front = { ...proxy, url: new URL("/", proxy.url).href };
    const received = await send(front, { http, path: ofRow(row, target), lines: bearer("olga") });
    expect([received.status, decodedStatus(received).reason]).toEqual([404, "NotFound"]);
    await expectActors(row, []);
  });

  test.each([
    "/api/v1/namespaces/default/%2e%2e/kube-system/configmaps",
    "/api/v1/namespaces/default/../kube-system/configmaps",
  ])("a path goes on byte for byte, and is judged as the API server reads it: %s", async (path) => {
    const row = nextRow();
    const target = ofRow(row, path);
    const received = await send(proxy, { http, path: target, lines: bearer("olga") });
    await expectActors(row, ["proxy-actor as olga"]);
    const [event] = eventsOf(row);
    expect([received.status, event?.requestURI, event?.objectRef?.namespace]).toEqual([404, target, "default"]);
    const refused = await send(proxy, { http, path: target, lines: bearer("rita") });
    expect([refused.status, decodedStatus(refused).message]).toEqual([
      403,
      expect.stringContaining("decision made by proxy.impersonation-admission"),
    ]);
  });
});

describe("what only frames on HTTP/2 can say", () => {
  const request = (row: Row): readonly (readonly [string, string])[] => [
    [":method", "GET"],
    [":scheme", "https"],
    [":authority", new URL(proxy.url).host],
    [":path", ofRow(row, prefix + path)],
    ["authorization", `Bearer ${stage.user("rita").token}`],
  ];
  const rows: readonly (readonly [string, (lines: ReturnType<typeof request>) => ReturnType<typeof request>])[] = [
    ["Transfer-Encoding", (lines) => [...lines, ["transfer-encoding", "chunked"]]],
    ["Connection", (lines) => [...lines, ["connection", "impersonate-user"]]],
    ["Upgrade", (lines) => [...lines, ["upgrade", "websocket"]]],
    ["a length without a body", (lines) => [...lines, ["content-length", "5"]]],
    ["two lengths", (lines) => [...lines, ["content-length", "0"], ["content-length", "5"]]],
    ["two paths", (lines) => [...lines.slice(0, 4), [":path", "/version"], ...lines.slice(4)]],
    ["a pseudo header behind the others", (lines) => [...lines, [":path", "/version"]]],
    ["an unknown pseudo header", (lines) => [[":impersonate-user", "olga"], ...lines]],
    ["a host unlike the authority", (lines) => [...lines, ["host", "elsewhere"]]],
    ["a name in capitals", (lines) => [...lines, ["Impersonate-User", "olga"]]],
    [
      "a path with a space",
      (lines) => lines.map(([name, value]) => [name, name === ":path" ? `${value} HTTP/1.1` : value]),
    ],
    [
      "a path with a line break",
      (lines) => lines.map(([name, value]) => [name, name === ":path" ? `${value}\r\nx: y` : value]),
    ],
    [
      "a method with a path",
      (lines) => lines.map(([name, value]) => [name, name === ":method" ? "GET /version" : value]),
    ],
    ["CONNECT", (lines) => lines.map(([name, value]) => [name, name === ":method" ? "CONNECT" : value])],
    ["CONNECT without a path", (lines) => [[":method", "CONNECT"], ...lines.slice(2, 3), ...lines.slice(4)]],
    [
      "a WebSocket by extended CONNECT",
      (lines) => [[":method", "CONNECT"], [":protocol", "websocket"], ...lines.slice(1)],
    ],
  ];
  test.each(rows)("%s reaches no API server", async (_name, change) => {
    const row = nextRow();
    expect(["stream reset", "connection closed", 400]).toContain(await sendFrames(proxy, change(request(row))));
    await expectActors(row, []);
  });

  // nghttp2 drops such a header before Node sees it.
  test.each([
    ["x-odd\r\nimpersonate-user", "olga"],
    ["x-odd", "a\r\nimpersonate-user: olga"],
    ["impersonate-user", "olga\0"],
  ] as const)("a header with a control character is dropped, and says nothing: %j", async (name, value) => {
    const row = nextRow();
    expect(await sendFrames(proxy, [...request(row), [name, value]])).toBe(200);
    await expectActors(row, ["proxy-actor as rita"]);
  });

  test("headers of 600 kB in frames as large as kubectl's, and no more than 1 MiB", async () => {
    const large = (count: number) =>
      Array.from({ length: count }, (_, at) => [`x-large-${at}`, "z".repeat(40_000)] as const);
    const [fits, tooLarge] = [nextRow(), nextRow()];
    expect(await sendFrames(proxy, [...request(fits), ...large(15)])).toBe(200);
    await expectActors(fits, ["proxy-actor as rita"]);
    expect(await sendFrames(proxy, [...request(tooLarge), ...large(40)])).not.toBe(200);
    await expectActors(tooLarge, []);
  });
});

describe("what only bytes on HTTP/1.1 can say", () => {
  const host = "Host: localhost\r\n";
  const rita = () => `Authorization: Bearer ${stage.user("rita").token}\r\n`;
  const get = (headers: string): string =>
    `GET ${prefix}${path}?limit=1 HTTP/1.1\r\n${host}Connection: close\r\n${headers}\r\n`;
  /** Requests as bytes, each with the row's number. */
  const numbered = (row: Row, bytes: string): string =>
    bytes.replace(/(?<=^[A-Z]+ )\S*\/\S*(?= HTTP\/1\.1$)/gm, (target) => ofRow(row, target));
  const statusesIn = (text: string): readonly number[] =>
    [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status)).filter((status) => status !== 100);

  const rows: readonly (readonly [string, () => string, readonly number[], readonly string[]])[] = [
    [
      "Connection names our headers",
      () =>
        `GET ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: close, Impersonate-User, Authorization, X-Forwarded-For\r\n\r\n`,
      [200],
      ["proxy-actor as rita"],
    ],
    [
      "two Authorization lines",
      () =>
        get(
          `Authorization: Bearer ${stage.user("rita").token}\r\nAuthorization: Bearer ${stage.user("olga").token}\r\n`,
        ),
      [200],
      ["proxy-actor as rita"],
    ],
    [
      "Transfer-Encoding beside Content-Length",
      () =>
        `POST ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET ${prefix}/version HTTP/1.1\r\n${host}${rita()}\r\n`,
      [400],
      [],
    ],
    ...[
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
      "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
      "Transfer-Encoding: xchunked",
      "Transfer-Encoding : chunked",
      "Transfer-Encoding: \x0bchunked",
      "Transfer-Encoding: chunked, identity",
      "Transfer-Encoding:\r\n chunked",
      "Transfer-Encoding\x00: chunked",
      "Content-Length: +5",
      "Content-Length: 0x5",
      "Content-Length: 5, 5",
      "Content-Length: 5 5",
      "Content-Length: -1",
      "Content-Length: 5\r\nContent-Length: 5",
      "Content-Length: 99999999999999999999",
    ].map((framing): (typeof rows)[number] => [
      `a framing that two programs could read in two ways: ${JSON.stringify(framing)}`,
      () =>
        `POST ${prefix}${path} HTTP/1.1\r\n${host}${rita()}${framing}\r\n\r\n0\r\n\r\nGET ${prefix}/version HTTP/1.1\r\n${host}${rita()}\r\n`,
      [400],
      [],
    ]),
    ...["5;\x00\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "-1\r\n"].map(
      (body): (typeof rows)[number] => [
        `chunks that are none: ${JSON.stringify(body)}`,
        () =>
          `POST ${prefix}/api/v1/namespaces/default/configmaps HTTP/1.1\r\n${host}${rita()}Transfer-Encoding: chunked\r\n\r\n${body}GET ${prefix}/version HTTP/1.1\r\n${host}${rita()}\r\n`,
        [400],
        [],
      ],
    ),
    ["the preface of HTTP/2", () => `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00`, [400], []],
    [
      "an upgrade with chunks",
      () =>
        `POST ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      [400],
      [],
    ],
    [
      "an upgrade whose Connection names our headers",
      () =>
        `GET ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: Upgrade, Impersonate-User, Authorization\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`,
      [200],
      ["proxy-actor as rita"],
    ],
    [
      "an upgrade that impersonates without the right to",
      () =>
        `GET ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Impersonate-User: olga\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
      [403],
      [],
    ],
    [
      "an upgrade to TLS",
      () => `GET ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n`,
      [400],
      [],
    ],
    [
      "two lengths",
      () => `POST ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello`,
      [400],
      [],
    ],
    [
      "a coding that is not chunked",
      () =>
        `POST ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: close\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`,
      [400],
      [],
    ],
    ["CONNECT", () => `CONNECT kubernetes.default:443 HTTP/1.1\r\n${host}${rita()}\r\n`, [400], []],
    [
      "absolute form",
      () => `GET https://localhost${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: close\r\n\r\n`,
      [400],
      [],
    ],
    ["asterisk form", () => `OPTIONS * HTTP/1.1\r\n${host}${rita()}Connection: close\r\n\r\n`, [400], []],
    [
      "two hosts",
      () => `GET ${prefix}${path} HTTP/1.1\r\n${host}Host: other\r\n${rita()}Connection: close\r\n\r\n`,
      [400],
      [],
    ],
    ["no host", () => `GET ${prefix}${path} HTTP/1.1\r\n${rita()}Connection: close\r\n\r\n`, [400], []],
    [
      "an upgrade to h2c",
      () =>
        `GET ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n`,
      [400],
      [],
    ],
    [
      "a list of upgrades",
      () => `GET ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n\r\n`,
      [400],
      [],
    ],
    [
      "an upgrade with a body",
      () =>
        `POST ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\nContent-Length: 5\r\n\r\nhello`,
      [400],
      [],
    ],
    [
      "a second request behind an upgrade that is refused",
      () =>
        `GET ${prefix}${path} HTTP/1.1\r\n${host}${rita()}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\nGET ${prefix}/version HTTP/1.1\r\n${host}${rita()}\r\n`,
      [200],
      ["proxy-actor as rita"],
    ],
    ["bytes that are not HTTP", () => "\x16\x03\x01 nonsense\r\n\r\n", [400], []],
    ["a header that is too large", () => get(`${rita()}X-Large: ${"z".repeat(1_100_000)}\r\n`), [431], []],
    ["a control character in a header", () => get(`${rita()}X-Odd: a\x01b\r\n`), [400], []],
    ["a control character in a name", () => get(`${rita()}Impersonate-User: ol\x01ga\r\n`), [400], []],
    [
      "a header that goes on in the next line",
      () => get(`${rita()}X-Odd: a\r\n Impersonate-User: olga\r\n`),
      [400],
      [],
    ],
  ];
  test.each(rows)("%s", async (_name, bytes, statuses, acted) => {
    const row = nextRow();
    expect(statusesIn(await sendBytes(proxy, numbered(row, bytes())))).toEqual(statuses);
    await expectActors(row, acted);
  });

  const upgrade = (protocols: string, more = ""): string =>
    `GET ${prefix}/api/v1/namespaces/default/configmaps HTTP/1.1\r\n${host}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: ${protocols}\r\n${more}\r\n`;
  const protocolOf = (name: string): string =>
    `base64url.bearer.authorization.k8s.io.${Buffer.from(stage.user(name).token).toString("base64url")}`;

  test("the token of a WebSocket subprotocol says who is there", async () => {
    const row = nextRow();
    const bytes = numbered(row, upgrade(`${protocolOf("rita")}, v5.channel.k8s.io`));
    expect(statusesIn(await sendBytes(proxy, bytes))).toEqual([200]);
    await expectActors(row, ["proxy-actor as rita"]);
  });

  test("a bad token in a subprotocol is 401, and one without a protocol beside it 400", async () => {
    const row = nextRow();
    const bad = `base64url.bearer.authorization.k8s.io.${Buffer.from("nonsense").toString("base64url")}`;
    expect(statusesIn(await sendBytes(proxy, numbered(row, upgrade(`${bad}, v5.channel.k8s.io`))))).toEqual([401]);
    expect(statusesIn(await sendBytes(proxy, numbered(row, upgrade(protocolOf("rita")))))).toEqual([400]);
    await expectActors(row, []);
  });
});

test("no line of the log holds a token", () => {
  const log = JSON.stringify(proxy.entries);
  expect(proxy.entries.length).toBeGreaterThan(50);
  for (const token of Object.values(stage.connection.tokens)) {
    expect(log).not.toContain(token);
    expect(log).not.toContain(Buffer.from(token).toString("base64url"));
  }
});

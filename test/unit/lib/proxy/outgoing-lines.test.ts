import { expect, test } from "vitest";
import { type HeaderLine, type OutgoingOptions, outgoingLines } from "../../../../lib/proxy/index.ts";

const acting: readonly HeaderLine[] = [["Impersonate-User", "alice"]];
const outgoing = (lines: readonly HeaderLine[], options: Partial<OutgoingOptions> = {}) =>
  outgoingLines(lines, { acting, peer: "192.0.2.1", ...options });
const ours: readonly HeaderLine[] = [["X-Forwarded-For", "192.0.2.1"], ...acting];

test.each<readonly [string, readonly HeaderLine[], readonly HeaderLine[]]>([
  [
    "a header that Connection names, which is ours",
    [
      ["Connection", "close, Impersonate-User , x-a"],
      ["X-A", "1"],
      ["X-B", "2"],
    ],
    [["X-B", "2"]],
  ],
  [
    "headers of the connection",
    [
      ["Keep-Alive", "1"],
      ["Proxy-Authenticate", "x"],
      ["Proxy-Authorization", "x"],
      ["Proxy-Connection", "x"],
      ["Trailer", "x"],
      ["Transfer-Encoding", "chunked"],
      ["Upgrade", "h2c"],
      ["HTTP2-Settings", "x"],
      ["Expect", "100-continue"],
    ],
    [],
  ],
  ["TE, except that trailers are understood", [["TE", "gzip, trailers"]], [["TE", "trailers"]]],
  ["TE that names nothing but trailers", [["TE", "trailers"]], [["TE", "trailers"]]],
  ["TE with trailers between others", [["TE", "gzip,trailers , deflate"]], [["TE", "trailers"]]],
  ["TE without trailers", [["TE", "gzip;q=1"]], []],
  ["the credential", [["AUTHORIZATION", "Bearer x"]], []],
  [
    "impersonation, known and unknown",
    [
      ["impersonate-user", "root"],
      ["IMPERSONATE-GROUP", "system:masters"],
      ["Impersonate_User", "root"],
      ["Impersonate-Thing", "x"],
      ["Impersonateuser", "x"],
    ],
    [],
  ],
  [
    "what a front proxy names",
    [
      ["X-Remote-User", "root"],
      ["x_remote_group", "system:masters"],
      ["X-Remote-Uid", "1"],
      ["X-Remote-Extra-abc", "b"],
    ],
    [],
  ],
  [
    "where the request came from",
    [
      ["Forwarded", "for=x"],
      ["X-Forwarded-For", "10.0.0.1"],
      ["X-Forwarded-Host", "h"],
      ["X-Real-IP", "10.0.0.1"],
    ],
    [],
  ],
  ["the host, which is the API server's", [["Host", "proxy.example.com"]], []],
])("%s: does not go on", (_, lines, kept) => {
  expect(outgoing(lines)).toEqual([...kept, ...ours]);
});

test("everything else goes on as it is, in its order and with its repeats", () => {
  const lines: readonly HeaderLine[] = [
    ["accept", "application/vnd.kubernetes.protobuf"],
    ["X-Stream-Protocol-Version", "v4"],
    ["X-Stream-Protocol-Version", "v3"],
    ["Accept-Encoding", "gzip"],
    ["If-None-Match", '"a"'],
    ["X-Remote", "not a front proxy's"],
    ["X-Authorization", "not the credential"],
    ["Authorization-Info", "not the credential"],
  ];
  expect(outgoing(lines)).toEqual([...lines, ...ours]);
});

test("the cluster's own front-proxy headers do not go on", () => {
  const frontProxy = { username: ["x-user"], uid: ["x-id"], group: ["x-group"], extraPrefix: ["x-more-", "x-other-"] };
  const lines: readonly HeaderLine[] = [
    ["X-User", "root"],
    ["X-Id", "1"],
    ["X-Group", "g"],
    ["X-More-a", "b"],
    ["X-Other-a", "b"],
    ["X-Userx", "c"],
  ];
  expect(outgoing(lines, { frontProxy })).toEqual([["X-Userx", "c"], ...ours]);
});

test.each<readonly [string, OutgoingOptions["upgrade"], readonly HeaderLine[]]>([
  [
    "a WebSocket, without the subprotocol that carried the token",
    { protocol: "websocket", subprotocols: "v5.channel.k8s.io" },
    [
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
      ["Sec-WebSocket-Protocol", "v5.channel.k8s.io"],
    ],
  ],
  [
    "a WebSocket without subprotocols",
    { protocol: "websocket", subprotocols: "" },
    [
      ["Connection", "Upgrade"],
      ["Upgrade", "websocket"],
    ],
  ],
  [
    "SPDY",
    { protocol: "SPDY/3.1", subprotocols: "" },
    [
      ["Connection", "Upgrade"],
      ["Upgrade", "SPDY/3.1"],
    ],
  ],
])("%s is asked for anew", (_, upgrade, added) => {
  const lines: readonly HeaderLine[] = [
    ["Connection", "Upgrade, authorization"],
    ["Upgrade", "websocket"],
    ["Sec-WebSocket-Protocol", "secret"],
    ["Sec-WebSocket-Key", "k"],
  ];
  expect(outgoing(lines, { upgrade: upgrade as NonNullable<OutgoingOptions["upgrade"]> })).toEqual([
    ["Sec-WebSocket-Key", "k"],
    ...added,
    ...ours,
  ]);
});

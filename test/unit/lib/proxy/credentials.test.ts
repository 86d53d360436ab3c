import { describe, expect, test } from "vitest";
import { bearerTokenOf, frontProxyUser, type HeaderLine, webSocketProtocolsOf } from "../../../../lib/proxy/index.ts";

describe("the bearer token", () => {
  test.each<readonly [string, readonly string[], string | undefined]>([
    ["the token behind Bearer", ["Bearer abc"], "abc"],
    ["the scheme in any case, spaces around", ["  bEaReR abc  "], "abc"],
    ["other blanks around", ["\t\x85Bearer abc\t\xa0"], "abc"],
    ["what stands behind the token does not count", ["Bearer panda man"], "panda"],
    ["two spaces leave the token empty", ["Bearer  abc"], undefined],
    ["a scheme alone", ["Bearer"], undefined],
    ["another scheme", ["Basic abc"], undefined],
    ["a scheme that ends in the same word", ["Forbearer abc"], undefined],
    ["no header", [], undefined],
    ["the first line counts, even if it holds no token", ["Basic abc", "Bearer def"], undefined],
    ["the first of two tokens", ["Bearer abc", "Bearer def"], "abc"],
  ])("%s", (_, values, token) => {
    expect(bearerTokenOf(values.map((value) => ["AUTHORIZATION", value]))).toBe(token);
  });
});

describe("the token among the subprotocols of a WebSocket", () => {
  const carrier = (token: string) =>
    `base64url.bearer.authorization.k8s.io.${Buffer.from(token, "latin1").toString("base64url")}`;

  test.each<readonly [string, readonly string[], ReturnType<typeof webSocketProtocolsOf>]>([
    ["no header", [], { token: undefined, others: "" }],
    [
      "protocols without a token",
      ["v5.channel.k8s.io", "v4.channel.k8s.io"],
      { token: undefined, others: "v5.channel.k8s.io,v4.channel.k8s.io" },
    ],
    [
      "a token beside a protocol",
      [`${carrier("abc?~\u00c3\u00a9")} , v5.channel.k8s.io`],
      { token: "abc?~é", others: "v5.channel.k8s.io" },
    ],
    [
      "a token on a line of its own",
      ["v5.channel.k8s.io", carrier("abc")],
      { token: "abc", others: "v5.channel.k8s.io" },
    ],
    [
      "two tokens",
      [`a,${carrier("a")},${carrier("b")}`],
      { token: undefined, others: "a", problem: "Sec-WebSocket-Protocol carries two tokens" },
    ],
    [
      "a token alone",
      [carrier("abc")],
      { token: undefined, others: "", problem: "Sec-WebSocket-Protocol must name a protocol beside its token" },
    ],
    [
      "padding",
      [`a,${carrier("a")}==`],
      { token: undefined, others: "a", problem: "the token in Sec-WebSocket-Protocol is not base64url of UTF-8" },
    ],
    [
      "the alphabet of plain base64",
      ["a,base64url.bearer.authorization.k8s.io.Y+Jj"],
      { token: undefined, others: "a", problem: "the token in Sec-WebSocket-Protocol is not base64url of UTF-8" },
    ],
    [
      "a digit too many",
      ["a,base64url.bearer.authorization.k8s.io.YWJjY"],
      { token: undefined, others: "a", problem: "the token in Sec-WebSocket-Protocol is not base64url of UTF-8" },
    ],
    [
      "bytes that are not UTF-8",
      [`a,${carrier("\u00ff")}`],
      { token: undefined, others: "a", problem: "the token in Sec-WebSocket-Protocol is not base64url of UTF-8" },
    ],
    [
      "an empty token",
      ["a,base64url.bearer.authorization.k8s.io."],
      { token: undefined, others: "a", problem: "the token in Sec-WebSocket-Protocol is not base64url of UTF-8" },
    ],
  ])("%s", (_, values, expected) => {
    expect(webSocketProtocolsOf(values.map((value) => ["Sec-WebSocket-Protocol", value]))).toEqual(expected);
  });
});

describe("the user that a front proxy names", () => {
  const headers = {
    username: ["x-remote-user", "x-user"],
    uid: ["x-remote-uid"],
    group: ["x-remote-group"],
    extraPrefix: ["x-remote-extra-"],
  };

  test.each<readonly [string, readonly HeaderLine[], unknown]>([
    ["no header", [], undefined],
    ["an empty name", [["X-Remote-User", ""]], undefined],
    ["groups without a name", [["X-Remote-Group", "dev"]], undefined],
    ["a name", [["X-Remote-User", "alice"]], { username: "alice", groups: [], extra: {} }],
    ["a name in the second header", [["X-User", "bob"]], { username: "bob", groups: [], extra: {} }],
    [
      "the first of two names",
      [
        ["x-user", "bob"],
        ["x-remote-user", "alice"],
        ["x-remote-user", "carol"],
      ],
      { username: "alice", groups: [], extra: {} },
    ],
    [
      "groups, uid and extra",
      [
        ["X-Remote-User", "alice"],
        ["X-Remote-Group", "a,b"],
        ["X-Remote-Group", ""],
        ["X-Remote-Group", "c"],
        ["X-Remote-Uid", "42"],
        ["X-Remote-Extra-Example.com%2FScope", "one"],
        ["x-remote-extra-example.com%2fscope", "two"],
        ["X-Remote-Extra-%zz", "three"],
        ["X-Remote-Extra-a%2", "four"],
      ],
      {
        username: "alice",
        uid: "42",
        groups: ["a,b", "c"],
        extra: { "example.com/scope": ["one", "two"], "%zz": ["three"], "a%2": ["four"] },
      },
    ],
    ["UTF-8", [["X-Remote-User", "\u00c3\u00bc"]], { username: "ü", groups: [], extra: {} }],
    [
      "a name that is not UTF-8",
      [["X-Remote-User", "\u00ff"]],
      { problem: "a header of the front proxy is not UTF-8" },
    ],
    [
      "a group that is not UTF-8",
      [
        ["X-Remote-User", "a"],
        ["X-Remote-Group", "\u00ff"],
      ],
      { problem: "a header of the front proxy is not UTF-8" },
    ],
    [
      "a uid that is not UTF-8",
      [
        ["X-Remote-User", "a"],
        ["X-Remote-Uid", "\u00ff"],
      ],
      { problem: "a header of the front proxy is not UTF-8" },
    ],
    [
      "a value of extra that is not UTF-8",
      [
        ["X-Remote-User", "a"],
        ["X-Remote-Extra-k", "\u00ff"],
      ],
      { problem: "a header of the front proxy is not UTF-8" },
    ],
    [
      "a key that is not UTF-8",
      [
        ["X-Remote-User", "a"],
        ["X-Remote-Extra-%ff", "b"],
      ],
      { problem: "a header of the front proxy is not UTF-8" },
    ],
  ])("%s", (_, lines, expected) => {
    expect(frontProxyUser(lines, headers)).toEqual(expected);
  });
});

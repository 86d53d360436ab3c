import { describe, expect, test } from "vitest";
import type { UserInfo } from "../../../../lib/identity/index.ts";
import {
  type Caller,
  type ConcludeOptions,
  concludeRequest,
  type HeaderLine,
  judgeRequest,
  type RequestInfo,
  readRequestInfo,
} from "../../../../lib/proxy/index.ts";
import type { Answer } from "../../../../lib/question/index.ts";

const yes: Answer = { allowed: true, reason: "" };
const no = (reason = ""): Answer => ({ allowed: false, reason });
const alice: UserInfo = { username: "alice", groups: ["dev", "system:authenticated"], extra: {} };
const by = (user: UserInfo, credential: "token" | "other" = "token"): Caller => ({ user, credential });
const passthrough: ConcludeOptions = { uid: "passthrough" };

interface Given {
  readonly caller?: Caller;
  readonly lines?: readonly HeaderLine[];
  readonly target?: string;
  readonly method?: string;
  readonly options?: ConcludeOptions;
}

const concluded = (answers: readonly (Answer | undefined)[], given: Given = {}) => {
  const {
    caller = by(alice),
    lines = [],
    target = "/api/v1/namespaces/a/pods",
    method = "GET",
    options = passthrough,
  } = given;
  const info = readRequestInfo(method, target) as RequestInfo;
  return concludeRequest(judgeRequest({ info, lines, caller }), answers, options);
};
const suffix = "decision made by proxy.impersonation-admission";

describe("a request goes on as its user", () => {
  test.each<readonly [string, readonly Answer[], Given, unknown]>([
    [
      "each group and each value of extra on a line of its own",
      [yes],
      { caller: by({ username: "alice", groups: ["a,b", "c"], extra: { "Example.com/Key": ["1", "2"] } }) },
      {
        credential: "actor",
        lines: [
          ["Impersonate-User", "alice"],
          ["Impersonate-Group", "a,b"],
          ["Impersonate-Group", "c"],
          ["Impersonate-Extra-%45xample.com%2f%4bey", "1"],
          ["Impersonate-Extra-%45xample.com%2f%4bey", "2"],
        ],
      },
    ],
    [
      "beyond ASCII as the bytes of UTF-8, and percent-encoded in a header's name",
      [yes],
      { caller: by({ username: "ü", groups: ["ų"], extra: { "é(a)": ["1"] } }) },
      {
        credential: "actor",
        lines: [
          ["Impersonate-User", "\u00c3\u00bc"],
          ["Impersonate-Group", "\u00c5\u00b3"],
          ["Impersonate-Extra-%c3%a9%28a%29", "1"],
        ],
      },
    ],
    [
      "with spaces inside its names",
      [yes],
      { caller: by({ username: "alice smith", groups: ["the team"], extra: {} }) },
      {
        credential: "actor",
        lines: [
          ["Impersonate-User", "alice smith"],
          ["Impersonate-Group", "the team"],
        ],
      },
    ],
    [
      "impersonating, with a name alone before",
      [yes, yes],
      { lines: [["Impersonate-User", "bob"]], caller: by({ username: "alice", groups: [], extra: {} }) },
      {
        credential: "actor",
        lines: [
          ["Impersonate-User", "bob"],
          ["Impersonate-Group", "system:authenticated"],
          ["Impersonate-Extra-proxy.impersonation-admission%2foriginal-user-info", '{"username":"alice"}'],
        ],
      },
    ],
    [
      "impersonating, with who it was before",
      [yes, yes],
      {
        lines: [["Impersonate-User", "bob"]],
        caller: by({ username: "alicé", uid: "7", groups: ["dev"], extra: { z: ["1"], a: ["<"] } }),
      },
      {
        credential: "actor",
        lines: [
          ["Impersonate-User", "bob"],
          ["Impersonate-Group", "system:authenticated"],
          [
            "Impersonate-Extra-proxy.impersonation-admission%2foriginal-user-info",
            String.raw`{"username":"alic\u00e9","uid":"7","groups":["dev"],"extra":{"a":["<"],"z":["1"]}}`,
          ],
        ],
      },
    ],
    [
      "a uid passes with the caller's own token",
      [yes],
      { caller: by({ ...alice, uid: "7" }) },
      { credential: "caller", lines: [] },
    ],
    [
      "a uid is impersonated where that is chosen",
      [yes],
      { caller: by({ ...alice, uid: "7" }, "other"), options: { uid: "impersonate" } },
      {
        credential: "actor",
        lines: [
          ["Impersonate-User", "alice"],
          ["Impersonate-Group", "dev"],
          ["Impersonate-Group", "system:authenticated"],
          ["Impersonate-Uid", "7"],
        ],
      },
    ],
    [
      "without a credential as nothing",
      [],
      { caller: "anonymous" },
      { credential: "none", lines: [], user: undefined },
    ],
    [
      "without a credential as system:anonymous, for the one exception",
      [],
      {
        caller: "anonymous",
        method: "POST",
        target: "/apis/login.concierge.example/v1/tokencredentialrequests",
        options: {
          uid: "passthrough",
          anonymousException: { groupPrefix: "login.concierge.", resource: "tokencredentialrequests" },
        },
      },
      {
        credential: "actor",
        lines: [
          ["Impersonate-User", "system:anonymous"],
          ["Impersonate-Group", "system:unauthenticated"],
        ],
        user: undefined,
      },
    ],
    [
      "without a credential as nothing, for another resource",
      [],
      {
        caller: "anonymous",
        target: "/apis/login.concierge.example/v1/others",
        options: {
          uid: "passthrough",
          anonymousException: { groupPrefix: "login.concierge.", resource: "tokencredentialrequests" },
        },
      },
      { credential: "none", lines: [] },
    ],
  ])("%s", (_, answers, given, expected) => {
    expect(concluded(answers, given)).toMatchObject(expected as object);
  });
});

describe("a no is a 403 in the API server's words, with who decided", () => {
  test.each<readonly [string, readonly Answer[], Given, string, unknown]>([
    [
      "a resource in a namespace",
      [no("RBAC: no")],
      {},
      `pods is forbidden: User "alice" cannot list resource "pods" in API group "" in the namespace "a": RBAC: no, ${suffix}`,
      { kind: "pods" },
    ],
    [
      "a named resource of a group",
      [no()],
      { target: "/apis/apps/v1/deployments/b/scale", method: "PUT" },
      `deployments.apps "b" is forbidden: User "alice" cannot update resource "deployments/scale" in API group "apps" at the cluster scope: ${suffix}`,
      { name: "b", group: "apps", kind: "deployments" },
    ],
    [
      "a path that names no resource in its namespace",
      [no()],
      { target: "/api/v1/namespaces/a//b" },
      `forbidden: User "alice" cannot get resource "" in API group "" in the namespace "a": ${suffix}`,
      { name: "b" },
    ],
    ["a path", [no()], { target: "/metrics" }, `forbidden: User "alice" cannot get path "/metrics": ${suffix}`, {}],
    [
      "a method that no resource has, whatever the answer",
      [yes],
      { method: "OPTIONS" },
      `pods is forbidden: User "alice" cannot  resource "pods" in API group "" in the namespace "a": invalid verb, ${suffix}`,
      { kind: "pods" },
    ],
    [
      "impersonation of extra",
      [yes, no(), no("later")],
      {
        lines: [
          ["Impersonate-User", "bob"],
          ["Impersonate-Extra-k", "v"],
        ],
      },
      `userextras.authentication.k8s.io "v" is forbidden: User "alice" cannot impersonate resource "userextras/k" in API group "authentication.k8s.io" at the cluster scope: ${suffix}`,
      { name: "v", group: "authentication.k8s.io", kind: "userextras" },
    ],
    [
      "a name that looks like HTML",
      [no()],
      { caller: by({ username: '<a href="&">', groups: [], extra: {} }) },
      String.raw`pods is forbidden: User "&lt;a href=\"&amp;\"&gt;" cannot list resource "pods" in API group "" in the namespace "a": ${suffix}`,
      { kind: "pods" },
    ],
  ])("%s", (_, answers, given, message, details) => {
    expect(concluded(answers, given)).toEqual({
      refusal: {
        apiVersion: "v1",
        kind: "Status",
        metadata: {},
        status: "Failure",
        message,
        reason: "Forbidden",
        code: 403,
        details,
      },
    });
  });
});

describe("doubt never forwards", () => {
  const nested: Given = { lines: [["Impersonate-User", "bob"]] };
  test.each<readonly [string, readonly (Answer | undefined)[], Given, number, string]>([
    ["an answer that is missing", [], {}, 503, "no answer came back"],
    ["the second answer is missing", [yes], nested, 503, "no answer came back"],
    [
      "an authorizer that cannot be reached",
      [{ code: 503, failure: "refused" }],
      {},
      503,
      "the request was not authorized: refused",
    ],
    ["an answer that makes no sense", [{ code: 502, failure: "odd" }], {}, 503, "the request was not authorized: odd"],
    ["a late answer", [{ code: 504, failure: "late" }], {}, 504, "the request was not authorized: late"],
    [
      "no answer to the first question, although the second one is a no",
      [{ code: 504, failure: "late" }, no()],
      nested,
      504,
      "late",
    ],
    [
      "a uid that is impersonated",
      [yes, yes, yes],
      {
        lines: [
          ["Impersonate-User", "bob"],
          ["Impersonate-Uid", "9"],
        ],
      },
      403,
      "does not impersonate uids",
    ],
    ["a uid of a client certificate", [yes], { caller: by({ ...alice, uid: "7" }, "other") }, 403, "use a token"],
    [
      "a group with a line break",
      [yes],
      { caller: by({ ...alice, groups: ["a\nb"] }) },
      403,
      'Impersonate-Group "a\\nb" would not arrive as it is in a header',
    ],
    [
      "a name with a space at its end",
      [yes],
      { caller: by({ ...alice, username: "alice " }) },
      403,
      "would not arrive",
    ],
    [
      "a name with a character that deletes",
      [yes],
      { caller: by({ ...alice, username: "alice\x7f" }) },
      403,
      "would not arrive",
    ],
    ["a name with a space before it", [yes], { caller: by({ ...alice, username: " alice" }) }, 403, "would not arrive"],
    [
      "a key with half a surrogate pair",
      [yes],
      { caller: by({ ...alice, extra: { "\ud800": ["x"] } }) },
      403,
      "a key of extra",
    ],
    [
      "a judgement that refuses, although each answer is a yes",
      [yes, yes],
      { lines: [["Impersonate-Group", "dev"]] },
      400,
      "without a user",
    ],
    ["half a surrogate pair", [yes], { caller: by({ ...alice, extra: { k: ["\ud800"] } }) }, 403, "would not arrive"],
    ["a key that no header can have", [yes], { caller: by({ ...alice, extra: { "": ["x"] } }) }, 403, "a key of extra"],
  ])("%s", (_, answers, given, code, message) => {
    expect(concluded(answers, given)).toMatchObject({ refusal: { code, message: expect.stringContaining(message) } });
  });
});

test("a user without a name is never impersonated, whatever judged the request", () => {
  const info = readRequestInfo("GET", "/version") as RequestInfo;
  const user: UserInfo = { username: "", groups: ["dev"], extra: {} };
  const judgement = { request: { info, lines: [], caller: by(user) }, questions: [], user, original: undefined };
  expect(concludeRequest(judgement, [], passthrough)).toMatchObject({
    refusal: { code: 403, message: "a user with an empty name cannot be impersonated" },
  });
});

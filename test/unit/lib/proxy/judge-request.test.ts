import { describe, expect, test } from "vitest";
import type { UserInfo } from "../../../../lib/identity/index.ts";
import {
  type Caller,
  type HeaderLine,
  judgeRequest,
  type RequestInfo,
  readRequestInfo,
} from "../../../../lib/proxy/index.ts";
import { formatQuestion } from "../../../../lib/question/index.ts";

const infoOf = (target: string, method = "GET"): RequestInfo => readRequestInfo(method, target) as RequestInfo;
const alice: UserInfo = {
  username: "alice",
  uid: "7",
  groups: ["dev", "system:authenticated"],
  extra: { scope: ["a"] },
};
const asAlice: Caller = { user: alice, credential: "token" };
const pods = "/api/v1/namespaces/a/pods";

const judged = (lines: readonly HeaderLine[], caller: Caller = asAlice, info = infoOf(pods)) =>
  judgeRequest({ info, lines, caller });
const asked = (judgement: ReturnType<typeof judged>) =>
  judgement.questions.map((question) => `${question.user}: ${formatQuestion(question)}`);

describe("the request's own question", () => {
  test("is asked with everything that is known of the user, and with the selectors", () => {
    const info = infoOf("/apis/apps/v1/namespaces/a/deployments?fieldSelector=metadata.name=b&labelSelector=c,d=e");
    expect(judged([], asAlice, info)).toEqual({
      request: { info, lines: [], caller: asAlice },
      user: alice,
      original: undefined,
      questions: [
        {
          user: "alice",
          uid: "7",
          groups: ["dev", "system:authenticated"],
          extra: { scope: ["a"] },
          resourceAttributes: {
            verb: "list",
            group: "apps",
            version: "v1",
            resource: "deployments",
            name: "b",
            namespace: "a",
            fieldSelector: { requirements: [{ key: "metadata.name", operator: "In", values: ["b"] }] },
            labelSelector: {
              requirements: [
                { key: "c", operator: "Exists" },
                { key: "d", operator: "In", values: ["e"] },
              ],
            },
          },
        },
      ],
    });
  });

  test("names the subresource", () => {
    const { questions } = judged([], asAlice, infoOf("/api/v1/namespaces/a/pods/b/exec?command=ls", "POST"));
    expect(questions).toMatchObject([{ resourceAttributes: { verb: "create", subresource: "exec", name: "b" } }]);
  });

  test("of a path that names no resource is about the path", () => {
    const { questions } = judged([], asAlice, infoOf("/metrics", "POST"));
    expect(questions).toMatchObject([{ nonResourceAttributes: { verb: "post", path: "/metrics" } }]);
  });

  test.each([
    ["a selector that the API server cannot read", "labelSelector=,&fieldSelector=x"],
    ["a field without a name, which no question may hold", "fieldSelector==b"],
  ])("leaves out %s", (_, query) => {
    const { questions } = judged([], asAlice, infoOf(`/api/v1/pods?${query}`));
    expect(questions).toMatchObject([{ resourceAttributes: { verb: "list" } }]);
    expect(JSON.stringify(questions)).not.toContain("Selector");
  });

  test.each(["/livez", "/readyz", "/healthz"])("is not asked of %s", (path) => {
    expect(judged([], asAlice, infoOf(path)).questions).toEqual([]);
  });

  test.each(["/livez/etcd", "/healthz/", "/Livez", "/api/v1/livez"])("is asked of %s", (path) => {
    expect(judged([], asAlice, infoOf(path)).questions).toHaveLength(1);
  });

  test("is not asked of a member of system:masters", () => {
    const user = { username: "admin", groups: ["system:masters"], extra: {} };
    expect(judged([], { user, credential: "other" }).questions).toEqual([]);
  });

  test("of a request without a credential is the API server's to judge", () => {
    expect(judged([], "anonymous")).toMatchObject({ questions: [], user: undefined, original: undefined });
  });
});

describe("impersonation is asked about as the caller, the request as the user that it goes on as", () => {
  test.each<readonly [string, readonly HeaderLine[], readonly string[], Partial<UserInfo>]>([
    [
      "a user",
      [["Impersonate-User", "bob"]],
      ["alice: impersonate users/bob"],
      { username: "bob", groups: ["system:authenticated"] },
    ],
    [
      "a service account, which has the groups of its namespace",
      [["impersonate-user", "system:serviceaccount:a:b"]],
      ["alice: impersonate serviceaccounts/b -n a"],
      { groups: ["system:serviceaccounts", "system:serviceaccounts:a", "system:authenticated"] },
    ],
    [
      "groups, in their order and without those that are implied",
      [
        ["Impersonate-Group", "z,y"],
        ["Impersonate-User", "bob"],
        ["Impersonate-Group", "x"],
      ],
      ["alice: impersonate users/bob", "alice: impersonate groups/z,y", "alice: impersonate groups/x"],
      { groups: ["z,y", "x", "system:authenticated"] },
    ],
    [
      "a service account with groups has these alone",
      [
        ["Impersonate-User", "system:serviceaccount:a:b"],
        ["Impersonate-Group", "system:authenticated"],
      ],
      ["alice: impersonate serviceaccounts/b -n a", "alice: impersonate groups/system:authenticated"],
      { groups: ["system:authenticated"] },
    ],
    [
      "extra, one question for each value",
      [
        ["Impersonate-User", "bob"],
        ["Impersonate-Extra-Scope", "a"],
        ["Impersonate-Extra-example.com%2fkey", "b"],
        ["impersonate-extra-scope", "c"],
      ],
      [
        "alice: impersonate users/bob",
        "alice: impersonate userextras.authentication.k8s.io/a --subresource=scope",
        "alice: impersonate userextras.authentication.k8s.io/b --subresource=example.com/key",
        "alice: impersonate userextras.authentication.k8s.io/c --subresource=scope",
      ],
      { extra: { scope: ["a", "c"], "example.com/key": ["b"] } },
    ],
    [
      "a uid",
      [
        ["Impersonate-User", "bob"],
        ["Impersonate-Uid", "9"],
      ],
      ["alice: impersonate users/bob", "alice: impersonate uids.authentication.k8s.io/9"],
      { uid: "9" },
    ],
    [
      "the first of two users",
      [
        ["Impersonate-User", "bob"],
        ["Impersonate-User", "carol"],
      ],
      ["alice: impersonate users/bob"],
      { username: "bob" },
    ],
    [
      "system:anonymous",
      [["Impersonate-User", "system:anonymous"]],
      ["alice: impersonate users/system:anonymous"],
      { groups: ["system:unauthenticated"] },
    ],
    [
      "a name with a tab, which no header could carry on",
      [["Impersonate-User", "a\tb"]],
      ["alice: impersonate users/a\tb"],
      { username: "a\tb" },
    ],
    ["a name of UTF-8", [["Impersonate-User", "\u00c3\u00bc"]], ["alice: impersonate users/ü"], { username: "ü" }],
  ])("%s", (_, lines, questions, user) => {
    const judgement = judged(lines);
    expect(asked(judgement)).toEqual([...questions, `${user.username ?? judgement.user?.username}: list pods -n a`]);
    expect(judgement.user).toMatchObject(user);
    expect(judgement.original).toBe(alice);
  });

  test("asks about groups, extra and the uid at the cluster scope", () => {
    const lines: readonly HeaderLine[] = [
      ["Impersonate-User", "bob"],
      ["Impersonate-Group", "dev"],
      ["Impersonate-Extra-Scope", "b"],
      ["Impersonate-Uid", "9"],
    ];
    const asker = { user: "alice", uid: "7", groups: alice.groups, extra: alice.extra };
    const verb = { verb: "impersonate", version: "v1" };
    expect(judged(lines).questions.slice(0, -1)).toStrictEqual([
      { ...asker, resourceAttributes: { ...verb, group: "", resource: "users", name: "bob" } },
      { ...asker, resourceAttributes: { ...verb, group: "", resource: "groups", name: "dev" } },
      {
        ...asker,
        resourceAttributes: {
          ...{ ...verb, group: "authentication.k8s.io", resource: "userextras", subresource: "scope", name: "b" },
        },
      },
      { ...asker, resourceAttributes: { ...verb, group: "authentication.k8s.io", resource: "uids", name: "9" } },
    ]);
  });

  test("of a request without a credential as system:anonymous", () => {
    const judgement = judged([["Impersonate-User", "bob"]], "anonymous");
    expect(asked(judgement)).toEqual(["system:anonymous: impersonate users/bob", "bob: list pods -n a"]);
    expect(judgement.original).toEqual({ username: "system:anonymous", groups: ["system:unauthenticated"], extra: {} });
  });

  test("asks each question once", () => {
    const lines = ["x", "x"].map((group) => ["Impersonate-Group", group] as const);
    expect(asked(judged([["Impersonate-User", "bob"], ...lines]))).toHaveLength(3);
  });

  test("about 255 identities at most", () => {
    const groups = Array.from({ length: 254 }, (_, index) => ["Impersonate-Group", `g${index}`] as const);
    expect(judged([["Impersonate-User", "bob"], ...groups])).not.toHaveProperty("refusal");
  });

  test.each<readonly [string, HeaderLine]>([
    ["an empty Impersonate-User", ["Impersonate-User", ""]],
    ["a header that only mentions impersonation", ["X-Impersonate-User", "bob"]],
    ["another header that is not UTF-8", ["X-Note", "\u00ff"]],
  ])("%s asks for nothing", (_, line) => {
    expect(asked(judged([line]))).toEqual(["alice: list pods -n a"]);
  });

  test.each(["my-proxy.impersonation-admission%2fx", "a.impersonation-proxy.concierge.pinniped.dev.example"])(
    "the extra key %s only looks like a reserved one",
    (key) => {
      expect(
        judged([
          ["Impersonate-User", "bob"],
          [`Impersonate-Extra-${key}`, "x"],
        ]).questions,
      ).toHaveLength(3);
    },
  );
});

describe("a request that is refused before anything is asked", () => {
  const bob: HeaderLine = ["Impersonate-User", "bob"];
  test.each<readonly [string, readonly HeaderLine[], number, string]>([
    ...(["Impersonate-Group", "Impersonate-Extra-a", "Impersonate-Uid"] as const).map(
      (name) =>
        [
          `${name} without a user`,
          [[name, "x"]],
          400,
          "the request impersonates groups, extra or a uid without a user; add Impersonate-User",
        ] as const,
    ),
    [
      "an unknown impersonation header",
      [["Impersonate-Something", "x"]],
      400,
      "the header Impersonate-Something is not one of impersonation; remove it",
    ],
    ["an underscore for a hyphen", [["impersonate_user", "x"]], 400, "the header impersonate_user is not one"],
    ["no hyphen", [["ImpersonateUser", "x"]], 400, "the header ImpersonateUser is not one"],
    ["a longer name", [["Impersonate-Users", "x"]], 400, "the header Impersonate-Users is not one"],
    [
      "a known name behind another one",
      [["Impersonate-Impersonate-User", "x"]],
      400,
      "the header Impersonate-Impersonate-User is not one",
    ],
    ["a value that is not UTF-8", [["Impersonate-User", "\u00ff"]], 400, "an impersonation header is not UTF-8"],
    [
      "a character of more than one byte",
      [["Impersonate-User", "\u0173"]],
      400,
      "an impersonation header is not UTF-8",
    ],
    [
      "a key that is not UTF-8",
      [bob, ["Impersonate-Extra-%ff", "x"]],
      400,
      "the name of an impersonation header is not UTF-8",
    ],
    [
      "the proxy's own key",
      [bob, ["Impersonate-Extra-Proxy.impersonation-admission%2Foriginal-user-info", "x"]],
      403,
      "is reserved for the proxy",
    ],
    [
      "a key of Pinniped's",
      [bob, ["Impersonate-Extra-a.impersonation-proxy.concierge.pinniped.d%65v", "x"]],
      403,
      "is reserved for the proxy",
    ],
    [
      "more identities than the proxy asks about",
      [bob, ...Array.from({ length: 300 }, (_, index) => ["Impersonate-Group", `g${index}`] as const)],
      400,
      "the request asks for 301 identities, of 255 at most",
    ],
    [
      "one identity more",
      [bob, ...Array.from({ length: 255 }, (_, index) => ["Impersonate-Group", `g${index}`] as const)],
      400,
      "the request asks for 256 identities, of 255 at most",
    ],
  ])("%s", (_, lines, code, message) => {
    const { refusal, questions } = judged(lines);
    expect(questions).toEqual([]);
    expect(refusal).toMatchObject({
      kind: "Status",
      status: "Failure",
      code,
      message: expect.stringContaining(message),
    });
  });

  test.each([
    [
      "the proxy's own key",
      { username: "eve", groups: [], extra: { "Proxy.impersonation-admission/x": ["y"] } },
      "is reserved",
    ],
    ["an empty username", { username: "", groups: [], extra: {} }, "empty username"],
  ])("a caller with %s", (_, user, message) => {
    expect(judged([], { user, credential: "other" }).refusal).toMatchObject({
      code: 403,
      message: expect.stringContaining(message),
    });
  });
});

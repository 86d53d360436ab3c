import fc from "fast-check";
import type { UserInfo } from "../../../lib/identity/index.ts";
import type {
  Caller,
  ConcludeOptions,
  FrontProxyHeaders,
  HeaderLine,
  OutgoingOptions,
} from "../../../lib/proxy/index.ts";
import { type RequestLine, requestLineOf } from "../request-info/targets.ts";
import { randomOf } from "../worlds/random.ts";

/** What an authorizer replies to a question; `missing`: nothing comes back. */
export type Reply = "yes" | "no" | "none" | "missing";

/** A request, its caller, and everything else that decides it. */
export interface ProxyCase {
  readonly line: RequestLine;
  readonly lines: readonly HeaderLine[];
  readonly caller: Caller;
  /** By the question. */
  readonly replies: readonly Reply[];
  readonly conclude: ConcludeOptions;
  readonly outgoing: Omit<OutgoingOptions, "acting">;
}

/** The caller's credential. It must not get into a refusal, nor go on. */
export const secret = "of-nobodys-business";

const bytes = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 6,
});
const anyText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 6 }),
  fc.string({ maxLength: 6 }),
  fc.constantFrom("", " a", "a ", "a\tb", "a\nb", "\ud800", "caf\u00e9", "\u{1F600}", "a,b", "a, b"),
);
const plainNames = ["alice", "bob", "zo\u00c3\u00ab", "system:anonymous", "system:serviceaccount:a:b", "x y"];
const plainGroups = ["dev", "ops", "a,b", "system:authenticated", "system:unauthenticated", "system:masters"];

const cased = (name: string): fc.Arbitrary<string> =>
  fc.constantFrom(name, name.toLowerCase(), name.toUpperCase()).filter((each) => each !== "");

const someOf = (plain: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof({ arbitrary: fc.constantFrom(...plain), weight: 12 }, { arbitrary: fc.oneof(anyText, bytes), weight: 1 });

const keyOf = fc.oneof(
  {
    arbitrary: fc.constantFrom("scope", "Scope", "example.com%2fkey", "%53cope", "__proto__", "constructor"),
    weight: 10,
  },
  {
    arbitrary: fc.constantFrom(
      ...[
        "",
        "%",
        "%zz",
        "%ff",
        "%e9",
        "proxy.impersonation-admission%2Fx",
        "PROXY.impersonation-admission%2foriginal-user-info",
      ],
      ...["a.impersonation-proxy.concierge.pinniped.dev", "a_b", "%00"],
    ),
    weight: 1,
  },
);

const line = (name: string, value: fc.Arbitrary<string>): fc.Arbitrary<HeaderLine> => fc.tuple(cased(name), value);

const impersonation: fc.Arbitrary<HeaderLine> = fc.oneof(
  { arbitrary: line("Impersonate-User", someOf(plainNames)), weight: 6 },
  { arbitrary: line("Impersonate-Group", someOf(plainGroups)), weight: 6 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom("Impersonate-Extra-", "impersonate-extra-"), keyOf, someOf(["x", "y,z"]))
      .map(([prefix, key, value]): HeaderLine => [prefix + key, value]),
    weight: 3,
  },
  { arbitrary: line("Impersonate-Uid", someOf(["42", "7"])), weight: 2 },
);
const oddImpersonation: fc.Arbitrary<HeaderLine> = fc.tuple(
  fc.constantFrom(
    ...[
      "Impersonate-Thing",
      "Impersonate_User",
      "impersonate_group",
      "Impersonate",
      "ImpersonateUser",
      "Impersonate-Users",
    ],
    ...["Impersonate-User-", "impersonate-extra", "Impersonate-Impersonate-User"],
  ),
  someOf(["x", "system:masters"]),
);

const identity = ["Authorization", "X-Remote-User", "X_Remote_Group", "X-Remote-Uid", "X-Remote-Extra-Scope", "X-Id"];
const origin = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X_Forwarded_For", "X-Real-Ip", "X-Real-IP"];
const connection = [
  ...["Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Trailer", "Transfer-Encoding"],
  ...["Upgrade", "HTTP2-Settings", "Expect", "Host"],
];
const innocent = [
  ...["Accept", "Content-Type", "If-None-Match", "X-Stream-Protocol-Version", "X-A", "X-Remote", "X-Forwarded"],
  ...["X-Impersonate-User", "Authorization-Info", "X-Authorization", "Accept-Encoding", "Cookie"],
];
const header: fc.Arbitrary<HeaderLine> = fc.oneof(
  {
    arbitrary: fc.tuple(fc.constantFrom(...identity).chain(cased), fc.constantFrom(`Bearer ${secret}`, "root", "")),
    weight: 3,
  },
  { arbitrary: fc.tuple(fc.constantFrom(...origin).chain(cased), fc.constantFrom("192.0.2.9", "for=x")), weight: 2 },
  {
    arbitrary: fc.tuple(fc.constantFrom(...connection).chain(cased), fc.constantFrom("x", "h2c", "chunked")),
    weight: 2,
  },
  { arbitrary: fc.tuple(fc.constantFrom(...innocent).chain(cased), someOf(["v", "w"])), weight: 4 },
  {
    arbitrary: fc.tuple(
      fc.constantFrom("Connection", "connection"),
      fc.constantFrom(
        "close",
        "X-A",
        "close , Impersonate-User,x-a",
        "Impersonate-Group, Authorization",
        ",",
        "X-Forwarded-For",
      ),
    ),
    weight: 2,
  },
  {
    arbitrary: fc.tuple(
      fc.constantFrom("TE", "te"),
      fc.constantFrom("trailers", "gzip, Trailers ;q=1", "gzip,trailers", "x"),
    ),
    weight: 1,
  },
  {
    arbitrary: fc.tuple(
      fc.constantFrom("Sec-WebSocket-Protocol", "sec-websocket-protocol"),
      fc.constantFrom(
        "v5.channel.k8s.io",
        "base64url.bearer.authorization.k8s.io.YWJj, v4",
        "base64url.bearer.authorization.k8s.io.!",
      ),
    ),
    weight: 1,
  },
  {
    arbitrary: fc.tuple(
      anyText.filter((name) => name !== ""),
      anyText,
    ),
    weight: 1,
  },
);

const lines: fc.Arbitrary<readonly HeaderLine[]> = fc
  .tuple(
    fc.oneof(
      { arbitrary: fc.constant<readonly HeaderLine[]>([]), weight: 2 },
      {
        arbitrary: fc
          .tuple(line("Impersonate-User", someOf(plainNames)), fc.array(impersonation, { maxLength: 5 }))
          .map(([user, more]): readonly HeaderLine[] => [user, ...more]),
        weight: 4,
      },
      { arbitrary: fc.array(impersonation, { maxLength: 3 }), weight: 1 },
    ),
    fc.oneof(
      { arbitrary: fc.constant<readonly HeaderLine[]>([]), weight: 14 },
      { arbitrary: oddImpersonation.map((odd): readonly HeaderLine[] => [odd]), weight: 1 },
    ),
    fc.array(header, { maxLength: 6 }),
    fc.nat(),
  )
  .map(([asked, odd, others, turn]) => {
    const all = [...asked, ...others, ...odd];
    const at = all.length === 0 ? 0 : turn % all.length;
    // The order of two lines of one name counts, so that they are only turned.
    return [...all.slice(at), ...all.slice(0, at)];
  });

const names: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom("alice", "zo\u00eb", "alice smith", "system:admin", "system:anonymous"), weight: 12 },
  { arbitrary: anyText, weight: 1 },
);
const groups: fc.Arbitrary<string> = fc.oneof(
  { arbitrary: fc.constantFrom("dev", "a,b", "the team", "system:authenticated"), weight: 12 },
  { arbitrary: fc.constant("system:masters"), weight: 1 },
  { arbitrary: anyText, weight: 1 },
);
const extraKey = fc.oneof(
  { arbitrary: fc.constantFrom("scope", "Example.com/Key", "caf\u00e9", "__proto__", "a(b)"), weight: 10 },
  {
    arbitrary: fc.constantFrom("Proxy.impersonation-admission/x", "a.impersonation-proxy.concierge.pinniped.dev"),
    weight: 1,
  },
  { arbitrary: anyText, weight: 1 },
);
const user: fc.Arbitrary<UserInfo> = fc
  .tuple(
    names,
    fc.oneof(fc.constant(""), fc.constant("7"), fc.constant("")),
    fc.array(groups, { maxLength: 3 }),
    fc.array(fc.tuple(extraKey, fc.array(fc.oneof(fc.constantFrom("x", "y,z"), anyText), { maxLength: 2 })), {
      maxLength: 2,
    }),
  )
  .map(([username, uid, own, extra]) => ({
    username,
    ...(uid && { uid }),
    groups: own,
    extra: Object.fromEntries(extra),
  }));
const caller: fc.Arbitrary<Caller> = fc.oneof(
  { arbitrary: fc.constant<Caller>("anonymous"), weight: 1 },
  {
    arbitrary: fc.record({ user, credential: fc.constantFrom("token" as const, "token" as const, "other" as const) }),
    weight: 8,
  },
);

const frontProxy: FrontProxyHeaders = { username: ["x-id"], uid: [], group: ["x-teams"], extraPrefix: ["x-more-"] };
const upgrade = fc.constantFrom(
  { protocol: "websocket" as const, subprotocols: "v5.channel.k8s.io" },
  { protocol: "websocket" as const, subprotocols: "" },
  { protocol: "SPDY/3.1" as const, subprotocols: "" },
);
const outgoing: fc.Arbitrary<ProxyCase["outgoing"]> = fc.record(
  { peer: fc.constant("192.0.2.1"), frontProxy: fc.constant(frontProxy), upgrade },
  { requiredKeys: ["peer"] },
);

const requestLine: fc.Arbitrary<RequestLine> = fc.oneof(
  { arbitrary: fc.integer().map((seed) => requestLineOf(randomOf(seed, "proxy-fuzz"))), weight: 3 },
  {
    arbitrary: fc.record({
      method: fc.constantFrom("GET", "POST", "DELETE", "HEAD"),
      target: fc.constantFrom(
        "/api/v1/namespaces/a/pods/b",
        "/api/v1/pods",
        "/version",
        "/livez",
        "/apis/login.x/v1/requests",
      ),
    }),
    weight: 2,
  },
  {
    arbitrary: fc.record({
      method: fc.string({ maxLength: 4 }),
      target: fc.oneof(anyText, bytes).map((text) => `/api/v1/${text}`),
    }),
    weight: 1,
  },
);

const replies: fc.Arbitrary<readonly Reply[]> = fc.oneof(
  fc.constant<readonly Reply[]>(["yes"]),
  fc.array(
    fc.oneof(
      { arbitrary: fc.constant<Reply>("yes"), weight: 6 },
      { arbitrary: fc.constantFrom<Reply>("no", "none", "missing"), weight: 1 },
    ),
    { minLength: 1, maxLength: 12 },
  ),
);

export const proxyCase: fc.Arbitrary<ProxyCase> = fc.record({
  line: requestLine,
  lines,
  caller,
  replies,
  conclude: fc.record(
    {
      uid: fc.constantFrom("passthrough" as const, "impersonate" as const),
      anonymousException: fc.constant({ groupPrefix: "login.", resource: "requests" }),
    },
    { requiredKeys: ["uid"] },
  ),
  outgoing,
});

import { isDeepStrictEqual } from "node:util";
import type { UserInfo } from "../../lib/identity/index.ts";
import type { HeaderLine } from "../../lib/proxy/index.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { inventedUser, type ProxySite, type Told, whoIsOver } from "./proxy-site.ts";

const check = "proxy-impersonation";

/** Header lines by which a caller would be another user, if a proxy took them for more than they are. */
interface Attempt {
  readonly what: string;
  readonly lines: readonly HeaderLine[];
  /** The API server itself takes these lines, and allows them to some users; then the proxy may allow them too. */
  readonly isAllowedToSome?: true;
}

const attempts: readonly Attempt[] = [
  { what: "Impersonate-User", lines: [["Impersonate-User", inventedUser]], isAllowedToSome: true },
  {
    what: "Impersonate-Group: system:masters",
    lines: [
      ["Impersonate-User", inventedUser],
      ["Impersonate-Group", "system:masters"],
    ],
    isAllowedToSome: true,
  },
  {
    what: "an unknown Impersonate header",
    lines: [["Impersonate-Role", "cluster-admin"]],
  },
  {
    what: "Impersonate_User, with an underscore",
    lines: [
      ["Impersonate_User", inventedUser],
      ["Impersonate_Group", "system:masters"],
    ],
  },
  {
    what: "Connection, which names the impersonation headers",
    lines: [["Connection", "keep-alive, Impersonate-User, Impersonate-Group, Impersonate-Uid"]],
  },
  {
    what: "Connection, which names Authorization",
    lines: [["Connection", "keep-alive, Authorization"]],
  },
  {
    what: "X-Remote-User",
    lines: [
      ["X-Remote-User", inventedUser],
      ["X-Remote-Group", "system:masters"],
    ],
  },
  {
    what: "X_Remote_User, with an underscore",
    lines: [
      ["X_Remote_User", inventedUser],
      ["X_Remote_Group", "system:masters"],
    ],
  },
  {
    what: "a forged original user",
    lines: [
      ["Impersonate-User", inventedUser],
      ["Impersonate-Extra-proxy.impersonation-admission%2foriginal-user-info", '{"username":"forged"}'],
    ],
  },
];

/**
 * Checks that the proxy cannot be talked into another user: each attempt must be refused, or have no effect. What the API server itself
 * allows the user to be, the proxy may allow. Every request is a SelfSubjectReview, which stores nothing.
 */
export async function checkProxyImpersonation({ direct, through }: ProxySite): Promise<readonly CheckResult[]> {
  const plain = await whoIsOver(through);
  if ("reply" in plain) return [];
  const results: CheckResult[] = [];
  const count = { refused: 0, "without effect": 0, allowed: 0 };
  for (const attempt of attempts) {
    const told = await whoIsOver(through, { lines: attempt.lines });
    const verdict = verdictOf(plain.user, told);
    if (verdict !== "another user") count[verdict] += 1;
    else if (attempt.isAllowedToSome && isSame(told, await whoIsOver(direct, { lines: attempt.lines })))
      count.allowed += 1;
    else results.push(failure(attempt, told));
  }
  const tried = `${attempts.length} ways to be another user were tried: ${count.refused} refused, ${count["without effect"]} without effect`;
  if (results.length > 0) return results;
  return [
    count.allowed > 0
      ? warn(
          check,
          `${tried}; ${count.allowed} were allowed, as the API server allows them to this user`,
          "run the doctor as a user who may not impersonate: nothing is refused to an administrator",
        )
      : ok(check, tried),
  ];
}

const verdictOf = (plain: UserInfo, told: Told): "refused" | "without effect" | "another user" => {
  if ("reply" in told) return "refused";
  return isDeepStrictEqual(told.user, plain) ? "without effect" : "another user";
};

/** The proxy adds the original user to what the API server would see. */
const isSame = (one: Told, other: Told): boolean =>
  "user" in one &&
  "user" in other &&
  one.user.username === other.user.username &&
  isDeepStrictEqual([...one.user.groups].sort(), [...other.user.groups].sort());

const failure = ({ what, lines }: Attempt, told: Told): CheckResult => {
  const user = "user" in told ? told.user : undefined;
  const sent = lines.map(([name, value]) => `${name}: ${value}`).join(", ");
  return fail(
    check,
    `${what} makes you ${JSON.stringify(user?.username)}, with the groups ${JSON.stringify(user?.groups)} (sent: ${sent})`,
    "take the proxy out of service: a caller can be another user through it",
  );
};

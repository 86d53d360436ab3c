import type { UserInfo } from "../../lib/identity/index.ts";
import { ClusterError } from "../cluster/api-client.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { formatReply, type ProxySite, whoIsOver } from "./proxy-site.ts";

const check = "proxy-identity";

/** The API server makes it from the credential, and a proxy's credential is another one. */
const credentialId = "authentication.kubernetes.io/credential-id";

/** Checks that the API server sees the same user directly and through the proxy: username, uid, groups and extra. */
export async function checkProxyIdentity({ direct, through }: ProxySite): Promise<readonly CheckResult[]> {
  const [one, other] = [await whoIsOver(direct), await whoIsOver(through)];
  if ("reply" in other)
    return [
      fail(
        check,
        `the proxy does not say who you are: it answers ${formatReply(other.reply)}`,
        "read the line of this request in the proxy's log, and check that the proxy accepts this credential",
      ),
    ];
  const { username } = other.user;
  if ("reply" in one) {
    if (one.reply.status !== 401)
      throw new ClusterError(`the API server does not say who you are: it answers ${formatReply(one.reply)}`);
    return [
      warn(
        check,
        `you are ${JSON.stringify(username)} through the proxy; the API server itself does not accept this credential, so there is nothing to compare it with`,
        "run the doctor with a credential that both accept, such as a service account's token",
      ),
    ];
  }
  const differing = differencesBetween(one.user, other.user);
  return differing.length > 0
    ? [
        fail(
          check,
          `you are another user through the proxy: ${differing.join("; ")}`,
          "use a proxy that impersonates all of a user, or passes its token on; see docs/proxy.md",
        ),
      ]
    : [
        ok(
          check,
          `you are ${JSON.stringify(username)} directly and through the proxy, with the same groups, uid and extra`,
        ),
      ];
}

/** Where two users differ, each as a sentence. The order of groups does not count. */
export function differencesBetween(direct: UserInfo, through: UserInfo): readonly string[] {
  const keys = new Set([...Object.keys(direct.extra), ...Object.keys(through.extra)]);
  keys.delete(credentialId);
  const pairs: readonly (readonly [what: string, one: unknown, other: unknown])[] = [
    ["username", direct.username, through.username],
    ["uid", direct.uid ?? "", through.uid ?? ""],
    ["groups", [...new Set(direct.groups)].sort(), [...new Set(through.groups)].sort()],
    ...[...keys].sort().map((key) => [`extra ${key}`, direct.extra[key] ?? [], through.extra[key] ?? []] as const),
  ];
  return pairs
    .map(([what, one, other]) => [what, JSON.stringify(one), JSON.stringify(other)] as const)
    .filter(([, one, other]) => one !== other)
    .map(([what, one, other]) => `${what} is ${one} directly and ${other} through it`);
}

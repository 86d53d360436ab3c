import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { type ProxySite, type Told, whoIsOver } from "./proxy-site.ts";

const check = "proxy-anonymous";

/** Checks that a request without a credential, and one with an unknown token, get what the API server itself would give them. */
export async function checkProxyAnonymous(site: ProxySite): Promise<readonly CheckResult[]> {
  return [await checkNoCredential(site), await checkUnknownToken(site)];
}

const checkNoCredential = async ({ direct, through }: ProxySite): Promise<CheckResult> => {
  const told = await whoIsOver(through, { credential: "none" });
  if ("user" in told && told.user.username !== "system:anonymous")
    return fail(
      check,
      `a request without a credential is made as ${JSON.stringify(told.user.username)}`,
      "take the proxy out of service: it needs no login",
    );
  const paths = ["/version", "/healthz", "/api/v1/namespaces/default"];
  const differing: string[] = [];
  let isWider = false;
  for (const path of paths) {
    const [one, other] = [
      await direct.send({ path, credential: "none" }),
      await through.send({ path, credential: "none" }),
    ];
    if (one.status === other.status) continue;
    differing.push(`${path} is answered ${one.status} directly and ${other.status} through it`);
    isWider ||= other.status < 400 && one.status >= 400;
  }
  const message = `a request without a credential is treated in another way: ${differing.join("; ")}`;
  if (isWider) return fail(check, message, "take the proxy out of service: it grants more than the API server does");
  if (differing.length > 0)
    return warn(check, message, "check whether the proxy refuses anonymous requests on purpose; see docs/proxy.md");
  return ok(check, "a request without a credential is answered as the API server answers it");
};

const checkUnknownToken = async ({ through }: ProxySite): Promise<CheckResult> => {
  const name = "proxy-unknown-token";
  const told: Told = await whoIsOver(through, { credential: "unknown token" });
  if ("reply" in told && told.reply.status === 401) return ok(name, "an unknown token is refused (401)");
  return "user" in told
    ? fail(
        name,
        `an unknown token is accepted, as ${JSON.stringify(told.user.username)}`,
        "take the proxy out of service: a bad credential must be refused, and never make a request anonymous",
      )
    : fail(
        name,
        `an unknown token is answered ${told.reply.status}, not 401`,
        "read the line of this request in the proxy's log; the proxy must be able to ask whose a token is",
      );
};

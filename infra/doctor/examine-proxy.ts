import { checkProxyActor } from "./check-proxy-actor.ts";
import { checkProxyAnonymous } from "./check-proxy-anonymous.ts";
import { checkProxyAudit } from "./check-proxy-audit.ts";
import { checkProxyIdentity } from "./check-proxy-identity.ts";
import { checkProxyImpersonation } from "./check-proxy-impersonation.ts";
import { checkProxyLatency } from "./check-proxy-latency.ts";
import { checkProxyTls } from "./check-proxy-tls.ts";
import { type CheckResult, fail } from "./check-result.ts";
import { type ProxySite, ProxyUnanswered } from "./proxy-site.ts";

/** All checks of a proxy. A proxy that cannot be verified gets no credential. */
export async function examineProxy(site: ProxySite): Promise<readonly CheckResult[]> {
  const results = [...(await checkProxyTls(site))];
  if (results.some(({ status }) => status === "fail")) return results;
  try {
    results.push(...(await checkProxyIdentity(site)));
    results.push(...(await checkProxyImpersonation(site)));
    results.push(...(await checkProxyAnonymous(site)));
    const { actor, result } = await checkProxyActor(site.accounts);
    results.push(result, ...(await checkProxyAudit(site, actor)));
    results.push(...(await checkProxyLatency(site)));
  } catch (error) {
    if (!(error instanceof ProxyUnanswered)) throw error;
    results.push(
      fail("proxy", error.message, "check that the proxy can be reached from this machine, and read its log"),
    );
  }
  return results;
}

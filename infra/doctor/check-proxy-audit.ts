import { randomBytes } from "node:crypto";
import { open } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { HeaderLine } from "../../lib/proxy/index.ts";
import { UsageError } from "../command-line/usage.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { inventedUser, type ProxySite, type Told, whoIsOver } from "./proxy-site.ts";

const check = "proxy-audit";

/** How long an event may take until it is in the log. */
const patience = 10_000;

/** An address of documentation (RFC 5737), which no request comes from. */
const forgedAddress = "203.0.113.77";

const originalUserKey = "proxy.impersonation-admission/original-user-info";

/**
 * Checks that the API server's audit log names the acting account and the user of a request, and, where the user may impersonate, the
 * original user too; and that a caller cannot choose the address in it.
 *
 * @param actor the username that the acting account should have, where it is known
 */
export async function checkProxyAudit(site: ProxySite, actor: string | undefined): Promise<readonly CheckResult[]> {
  const { auditLog, direct } = site;
  if (auditLog === undefined)
    return [
      warn(
        check,
        "the API server's audit log was not looked at: whose account acts, and whether all identities are in it, is not known",
        "give the log with --audit-log FILE, where the API server writes one",
      ),
    ];
  const { told, event } = await auditedRequest(site, auditLog, ["X-Forwarded-For", forgedAddress]);
  if ("reply" in told) return [];
  if (event === undefined) return [notFound(auditLog)];
  const own = await whoIsOver(direct);
  const caller = "user" in own ? own.user.username : told.user.username;
  const results = [accountResult(event, caller, actor)];
  if (JSON.stringify(event["sourceIPs"] ?? []).includes(forgedAddress))
    results.push(
      fail(
        check,
        "the address that a caller writes into X-Forwarded-For is in sourceIPs of the audit log",
        "remove X-Forwarded-* of callers in the proxy",
      ),
    );
  return [...results, await nestedResult(site, auditLog, caller)];
}

const notFound = (file: string): CheckResult =>
  fail(
    check,
    `a request through the proxy is not in ${file}`,
    "check that this is the audit log of the API server behind the proxy, and that its policy logs selfsubjectreviews at level Metadata",
  );

interface AuditedUser {
  readonly username: string;
  readonly groups: readonly string[];
}

const auditedUser = (value: unknown): AuditedUser | undefined =>
  isObject(value)
    ? {
        username: String(value["username"]),
        groups: Array.isArray(value["groups"]) ? value["groups"].map(String) : [],
      }
    : undefined;

const accountResult = (event: JsonObject, caller: string, actor: string | undefined): CheckResult => {
  const [account, user] = [auditedUser(event["user"]), auditedUser(event["impersonatedUser"])];
  const name = JSON.stringify(account?.username);
  if (user === undefined)
    return account?.username === caller
      ? ok(check, `${name} went on with its own token: the audit log holds no acting account`)
      : fail(
          check,
          `the audit log holds ${name} without an impersonated user, for a request of ${JSON.stringify(caller)}`,
          "take the proxy out of service: its own account makes the requests of its callers",
        );
  if (account?.groups.includes("system:masters"))
    return fail(
      check,
      `the acting account ${name} is in system:masters`,
      "use an account that may impersonate, and nothing else",
    );
  if (actor !== undefined && account?.username !== actor)
    return fail(
      check,
      `the acting account in the audit log is ${name}, and not --actor, which is ${JSON.stringify(actor)}`,
      "check which kubeconfig the proxy was started with",
    );
  return ok(check, `${name} acts, and the audit log names ${JSON.stringify(user.username)} as the impersonated user`);
};

/** The user asks to be another one, so that there are three identities. */
const nestedResult = async (site: ProxySite, auditLog: string, caller: string): Promise<CheckResult> => {
  const { told, event } = await auditedRequest(site, auditLog, ["Impersonate-User", inventedUser]);
  if ("reply" in told || told.user.username !== inventedUser)
    return ok(
      check,
      `a third identity was not tried, because ${JSON.stringify(caller)} may not impersonate through the proxy`,
    );
  if (event === undefined) return notFound(auditLog);
  return originalUser(event) === caller
    ? ok(check, `the audit log names ${JSON.stringify(caller)} as the original user of an impersonation`)
    : fail(
        check,
        `the audit log does not name ${JSON.stringify(caller)}, who asked to be another user`,
        `use a proxy that sends the original user in the extra key ${originalUserKey}`,
      );
};

/** The username in the extra key of the original user; undefined where there is none. */
const originalUser = ({ impersonatedUser }: JsonObject): string | undefined => {
  const extra = isObject(impersonatedUser) ? impersonatedUser["extra"] : undefined;
  const values = isObject(extra) ? extra[originalUserKey] : undefined;
  if (!Array.isArray(values) || values.length !== 1) return undefined;
  const user: unknown = JSON.parse(String(values[0]));
  return isObject(user) ? String(user["username"]) : undefined;
};

interface Audited {
  readonly told: Told;
  /** Undefined for a request that was refused, and where the log holds no event of it. */
  readonly event: JsonObject | undefined;
}

/** Asks through the proxy who the user is, with a query like no other, and waits for the event in the log. */
const auditedRequest = async ({ through }: ProxySite, file: string, line: HeaderLine): Promise<Audited> => {
  const mark = `impersonation-admission-doctor-${randomBytes(8).toString("hex")}`;
  const from = await sizeOf(file);
  const told = await whoIsOver(through, { lines: [line] }, `?pretty=${mark}`);
  if ("reply" in told) return { told, event: undefined };
  for (const until = Date.now() + patience; ; await sleep(200)) {
    const found = (await textFrom(file, from)).split("\n").find((text) => text.includes(mark) && text.endsWith("}"));
    const event: unknown = found === undefined ? undefined : JSON.parse(found);
    if (isObject(event)) return { told, event };
    if (Date.now() > until) return { told, event: undefined };
  }
};

const opened = (file: string) =>
  open(file).catch(({ code }: NodeJS.ErrnoException) => {
    throw new UsageError(`--audit-log ${file} cannot be read (${code})`);
  });

const sizeOf = async (file: string): Promise<number> => {
  const handle = await opened(file);
  try {
    return (await handle.stat()).size;
  } finally {
    await handle.close();
  }
};

/** A log that has become shorter was rotated, and is read from its beginning. */
const textFrom = async (file: string, from: number): Promise<string> => {
  const handle = await opened(file);
  try {
    const { size } = await handle.stat();
    const start = size < from ? 0 : from;
    const { buffer } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.toString("utf8");
  } finally {
    await handle.close();
  }
};

export type CheckStatus = "ok" | "warn" | "fail";

/** What one check found. The element of `-o json`. */
export interface CheckResult {
  readonly check: string;
  readonly status: CheckStatus;
  readonly message: string;
  /** What to do; empty where nothing is to be done. */
  readonly fix: string;
}

export function ok(check: string, message: string): CheckResult {
  return { check, status: "ok", message, fix: "" };
}
export function warn(check: string, message: string, fix: string): CheckResult {
  return { check, status: "warn", message, fix };
}
export function fail(check: string, message: string, fix: string): CheckResult {
  return { check, status: "fail", message, fix };
}

export type CheckStatus = "ok" | "warn" | "fail";

/** The result of one check, and an element of `-o json`. */
export interface CheckResult {
  readonly check: string;
  readonly status: CheckStatus;
  readonly message: string;
  /** The next step; empty where the check passed. */
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

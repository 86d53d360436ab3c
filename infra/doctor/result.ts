export type CheckStatus = "ok" | "warn" | "fail";

/** What one check found. The element of `-o json`. */
export interface CheckResult {
  readonly check: string;
  readonly status: CheckStatus;
  readonly message: string;
  /** What to do; empty where nothing is to be done. */
  readonly fix: string;
}

export const ok = (check: string, message: string): CheckResult => ({ check, status: "ok", message, fix: "" });
export const warn = (check: string, message: string, fix: string): CheckResult => ({ check, status: "warn", message, fix });
export const fail = (check: string, message: string, fix: string): CheckResult => ({ check, status: "fail", message, fix });

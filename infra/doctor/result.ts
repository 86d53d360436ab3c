export type Status = "ok" | "warn" | "fail";

/** What one check found. The element of `-o json`. */
export interface Result {
  readonly check: string;
  readonly status: Status;
  readonly message: string;
  /** What to do; empty where nothing is to be done. */
  readonly fix: string;
}

export const ok = (check: string, message: string): Result => ({ check, status: "ok", message, fix: "" });
export const warn = (check: string, message: string, fix: string): Result => ({ check, status: "warn", message, fix });
export const fail = (check: string, message: string, fix: string): Result => ({ check, status: "fail", message, fix });

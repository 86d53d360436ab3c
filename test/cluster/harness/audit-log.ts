import { existsSync, readFileSync, statSync } from "node:fs";

/** `audit.k8s.io/v1` Event, the members that the suites read. */
export interface AuditEvent {
  readonly auditID: string;
  readonly verb: string;
  readonly user: AuditUser;
  readonly impersonatedUser?: AuditUser;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly requestURI: string;
  readonly responseStatus?: { readonly code: number };
  // biome-ignore lint/suspicious/noExplicitAny: an API object of any written kind
  readonly requestObject?: any;
  // biome-ignore lint/suspicious/noExplicitAny: an API object of any written kind
  readonly responseObject?: any;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface AuditUser {
  readonly username: string;
  readonly uid?: string;
  readonly groups?: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
}

/** Every write, with request and response. Reads and the API server's own writes are left out. */
export const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  omitManagedFields: true,
  rules: [
    { level: "None", users: ["system:apiserver"] },
    { level: "None", verbs: ["get", "list", "watch"] },
    { level: "Metadata", resources: [{ group: "", resources: ["secrets", "serviceaccounts/token"] }] },
    { level: "RequestResponse" },
  ],
} as const;

/** The current size of the log. Events after this offset happen later. */
export const auditMark = (log: string): number => (existsSync(log) ? statSync(log).size : 0);

/** The events of the log from a byte offset on. Left out are a half-written last line, and one that was half-written at the offset. */
export const readAuditLog = (log: string, from = 0): readonly AuditEvent[] => {
  if (!existsSync(log)) return [];
  // From the byte before: where it ends a line, only the empty rest of that line is left out.
  const lines = readFileSync(log)
    .subarray(Math.max(0, from - 1))
    .toString("utf8")
    .split("\n")
    .slice(from === 0 ? 0 : 1, -1);
  return lines.map((line) => JSON.parse(line) as AuditEvent);
};

import type { ControlPlane } from "../../cluster/control-plane.ts";
import type { AuditEvent } from "../../cluster/harness/audit-log.ts";

/** A write, as the API server's audit log has it. */
export interface Write {
  /** The user of the credential. */
  readonly sender: string;
  /** The user whose rights counted: the impersonated one, else the sender. */
  readonly actedAs: string;
  readonly verb: string;
  /** `PLURAL`, or `PLURAL/SUBRESOURCE`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  /** The HTTP status of the answer. */
  readonly code: number;
  /** `DECISION REASON`, once for each of our webhooks that was called, mutate first. */
  readonly decisions: readonly string[];
  readonly event: AuditEvent;
}

const ours = "impersonation-admission";

/** The API server prefixes each annotation with the webhook's name. */
const decisionsOf = (annotations: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(annotations)
    .filter(([key]) => key.endsWith(`${ours}/decision`))
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([key, decision]) => `${decision} ${annotations[key.replace(/decision$/, "reason")]}`);

const writeOf = (event: AuditEvent): readonly Write[] => {
  const { user, impersonatedUser, verb, objectRef, responseStatus, requestObject, annotations = {} } = event;
  if (!objectRef) return [];
  return [
    {
      sender: user.username,
      actedAs: (impersonatedUser ?? user).username,
      verb,
      resource: [objectRef.resource, objectRef.subresource].filter(Boolean).join("/"),
      namespace: objectRef.namespace ?? "",
      // A CREATE has the name in its object only.
      name: objectRef.name ?? requestObject?.metadata?.name ?? "",
      code: responseStatus?.code ?? 0,
      decisions: decisionsOf(annotations),
      event,
    },
  ];
};

/** What a write must have, such as `{ resource: "configmaps", name: "app" }`. */
export type WriteFilter = Partial<Pick<Write, "sender" | "actedAs" | "verb" | "resource" | "namespace" | "name">>;

/**
 * The writes since the audit log had this size (`plane.auditMark()`), oldest first. The API server writes the log with a delay, so wait
 * with `until` for a write that must come.
 */
export const writesSince = (plane: ControlPlane, mark: number, filter: WriteFilter = {}): readonly Write[] =>
  plane
    .auditEvents(mark)
    .flatMap(writeOf)
    .filter((write) => Object.entries(filter).every(([key, value]) => write[key as keyof WriteFilter] === value));

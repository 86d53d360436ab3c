import type { ControlPlane } from "../control-plane.ts";
import type { AuditEvent, AuditUser } from "../harness/audit-log.ts";
import { mayImpersonate } from "./may.ts";
import { razeeController } from "./users.ts";

/** The values that Razee's controllers read as their own identity, besides an empty field. */
const privileged = new Set(["razeedeploy", "false"]);

const isStore = ({ verb, objectRef, requestURI, responseStatus, responseObject }: AuditEvent): boolean =>
  objectRef?.apiGroup === "deploy.razee.io" &&
  objectRef.subresource === undefined &&
  ["create", "update", "patch"].includes(verb) &&
  !requestURI.includes("dryRun=All") &&
  [200, 201].includes(responseStatus?.code ?? 0) &&
  responseObject?.metadata?.resourceVersion !== undefined;

const mayBeUsedBy = async (plane: ControlPlane, writer: AuditUser, identity: unknown): Promise<boolean> => {
  if (typeof identity !== "string" || identity === "") return false;
  if (privileged.has(identity))
    return (await mayImpersonate(plane, writer, identity)) && (await mayImpersonate(plane, writer, razeeController));
  return identity === writer.username || mayImpersonate(plane, writer, identity);
};

/**
 * Every version of every guarded object that was ever stored in a namespace and carries an identity that the last writer of its spec
 * may not impersonate, as sentences; empty without such a version. Read from the audit log, so that no version is missed.
 */
export const brokenPromises = async (plane: ControlPlane, namespace: string): Promise<readonly string[]> => {
  const stores = plane
    .auditEvents()
    .filter((event) => event.objectRef?.namespace === namespace && isStore(event))
    .toSorted((a, b) => Number(versionOf(a)) - Number(versionOf(b)));
  if (stores.length === 0) throw new Error(`the audit log has no stored object in ${namespace}`);
  const last = new Map<string, { readonly spec: string; readonly writer: AuditUser }>();
  const broken: string[] = [];
  for (const event of stores) {
    const { metadata, spec } = event.responseObject;
    const text = JSON.stringify(spec) ?? "";
    const before = last.get(metadata.uid);
    const writer = before?.spec === text ? before.writer : (event.impersonatedUser ?? event.user);
    last.set(metadata.uid, { spec: text, writer });
    const identity = spec?.clusterAuth?.impersonateUser;
    if (!(await mayBeUsedBy(plane, writer, identity)))
      broken.push(
        `${event.objectRef?.resource}/${metadata.name} by ${writer.username} runs as ${JSON.stringify(identity)}`,
      );
  }
  return broken;
};

const versionOf = ({ responseObject }: AuditEvent): string => responseObject.metadata.resourceVersion;

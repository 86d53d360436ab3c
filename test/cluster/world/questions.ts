import type { ControlPlane } from "../control-plane.ts";
import type { AuditEvent } from "../harness/audit-log.ts";
import { webhookUser } from "./users.ts";

const isQuestion = ({ objectRef, user }: AuditEvent): boolean =>
  objectRef?.resource === "subjectaccessreviews" && user.username === webhookUser;

/** The SubjectAccessReviews that the webhook posted since the audit log had this size: the spec and the query of each. */
export const questionsSince = (plane: ControlPlane, mark: number) =>
  plane
    .auditEvents(mark)
    .filter(isQuestion)
    .map(({ requestObject, requestURI }) => ({ spec: requestObject.spec, query: requestURI.split("?")[1] ?? "" }));

import type { ControlPlane } from "../control-plane.ts";
import type { AuditUser } from "../harness/audit-log.ts";

/** A service account's username, as Kubernetes parses it: a DNS label, then a DNS subdomain. Any other name is a user's. */
const serviceAccount = /^system:serviceaccount:([a-z0-9](?:[-a-z0-9]*[a-z0-9])?):([a-z0-9](?:[-.a-z0-9]*[a-z0-9])?)$/;

/**
 * Whether a user may impersonate an identity, asked of the API server directly. Written independently of the code under test, so that it does
 * not repeat an error there.
 */
export const mayImpersonate = async (plane: ControlPlane, who: AuditUser, identity: string): Promise<boolean> => {
  const [, namespace, name] = serviceAccount.exec(identity) ?? [];
  const target = namespace ? { resource: "serviceaccounts", namespace, name } : { resource: "users", name: identity };
  const { username, ...rest } = who;
  const { status, body, text } = await plane.api(plane.user("admin"), {
    method: "POST",
    path: "/apis/authorization.k8s.io/v1/subjectaccessreviews?fieldValidation=Strict",
    body: {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SubjectAccessReview",
      spec: {
        user: username,
        ...rest,
        resourceAttributes: { verb: "impersonate", group: "", version: "v1", ...target },
      },
    },
  });
  if (status !== 201) throw new Error(`the API server did not answer: ${text}`);
  return body.status.allowed === true;
};

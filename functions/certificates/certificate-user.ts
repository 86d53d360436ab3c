import { createHash, type X509Certificate } from "node:crypto";
import type { UserInfo } from "../../lib/identity/index.ts";
import type { Problem } from "../../lib/meta/json.ts";

/** Kubernetes' attribute for a user's uid (KEP-4827). */
const uidAttribute = "1.3.6.1.4.1.57683.2";

const known = new WeakMap<X509Certificate, UserInfo | Problem>();

/**
 * The user that a client certificate stands for, as the API server reads it (`k8s.io/apiserver` pkg/authentication/request/x509): the
 * common name is its name, each organization a group, an attribute of Kubernetes' own the uid. Its hash is the id of the credential.
 */
export function certificateUser(certificate: X509Certificate): UserInfo | Problem {
  const user = known.get(certificate) ?? readUser(certificate);
  known.set(certificate, user);
  return user;
}

const readUser = (certificate: X509Certificate): UserInfo | Problem => {
  const username = commonName(certificate);
  if (username === "") return { problem: "the client certificate has no common name" };
  const uids = valuesOf(certificate, uidAttribute);
  if (uids.length > 1) return { problem: "the client certificate has two uids" };
  if (uids[0] === "") return { problem: "the uid of the client certificate is empty" };
  const hash = createHash("sha256").update(certificate.raw).digest("hex");
  return {
    username,
    ...(uids[0] !== undefined && { uid: uids[0] }),
    groups: valuesOf(certificate, "O"),
    extra: { "authentication.kubernetes.io/credential-id": [`X509SHA256=${hash}`] },
  };
};

/** The common name of a certificate's subject, the last one where there are several; "" without one. */
export function commonName(certificate: X509Certificate): string {
  return valuesOf(certificate, "CN").at(-1) ?? "";
}

/** The values of an attribute of the subject, in their order. */
const valuesOf = (certificate: X509Certificate, attribute: string): readonly string[] => {
  // The type of Node's declaration lacks attributes that occur twice, and those without a name.
  const subject = certificate.toLegacyObject().subject as unknown as Record<string, string | string[] | undefined>;
  return [subject[attribute] ?? []].flat();
};

import type { KubernetesObject } from "./kubernetes-object.ts";

const apiVersion = "cert-manager.io/v1";

/**
 * A certificate of cert-manager for a Service, with a CA of its own, so that a new certificate is trusted before it is served: only the
 * long-lived CA stands in the webhook configurations.
 *
 * @param name of the Service, of the Certificate, and of its Issuer
 * @param secretName where cert-manager writes `tls.crt` and `tls.key`
 * @example
 * const objects = serviceCertificate({ namespace: "guard", name: "webhook", secretName: "webhook-tls" });
 * objects.map(({ kind }) => kind); // ["Issuer", "Certificate", "Issuer", "Certificate"]
 */
export function serviceCertificate({
  namespace,
  name,
  secretName,
}: {
  readonly namespace: string;
  readonly name: string;
  readonly secretName: string;
}): readonly KubernetesObject[] {
  const [bootstrap, ca] = [`${name}-bootstrap`, `${name}-ca`];
  const metadata = (named: string) => ({ name: named, namespace });
  const privateKey = { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" };
  return [
    { apiVersion, kind: "Issuer", metadata: metadata(bootstrap), spec: { selfSigned: {} } },
    {
      apiVersion,
      kind: "Certificate",
      metadata: metadata(ca),
      spec: {
        isCA: true,
        commonName: ca,
        secretName: ca,
        // Ten years.
        duration: "87600h",
        privateKey: { ...privateKey, rotationPolicy: "Never" },
        issuerRef: { kind: "Issuer", name: bootstrap },
      },
    },
    { apiVersion, kind: "Issuer", metadata: metadata(ca), spec: { ca: { secretName: ca } } },
    {
      apiVersion,
      kind: "Certificate",
      metadata: metadata(name),
      spec: {
        secretName,
        dnsNames: [`${name}.${namespace}.svc`, `${name}.${namespace}.svc.cluster.local`],
        duration: "2160h",
        privateKey,
        issuerRef: { kind: "Issuer", name: ca },
      },
    },
  ];
}

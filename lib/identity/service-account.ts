/** A service account: the two parts of its username. */
export interface ServiceAccount {
  readonly namespace: string;
  readonly name: string;
}

const prefix = "system:serviceaccount:";
const label = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * The service account that a username stands for, or undefined for every other user. Parsed as Kubernetes parses it
 * (`k8s.io/apiserver` pkg/authentication/serviceaccount SplitUsername): the prefix, then exactly two parts, an RFC 1123 label and
 * an RFC 1123 subdomain. A username that does not parse is an ordinary user, whatever its prefix.
 *
 * @example serviceAccountOf("system:serviceaccount:team-a:deployer") // { namespace: "team-a", name: "deployer" }
 */
export function serviceAccountOf(username: string): ServiceAccount | undefined {
  const [, namespace = "", name = ""] = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(username) ?? [];
  return label.test(namespace) && name.length <= 253 && subdomain.test(name) ? { namespace, name } : undefined;
}

/**
 * The username of a service account.
 *
 * @example serviceAccountUsername({ namespace: "team-a", name: "deployer" }) // "system:serviceaccount:team-a:deployer"
 */
export function serviceAccountUsername({ namespace, name }: ServiceAccount): string {
  return `${prefix}${namespace}:${name}`;
}

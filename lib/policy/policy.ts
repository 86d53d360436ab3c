import type { Path } from "./path.ts";

/** What is guarded, and how strictly. Made by `readPolicy`, which checks it. */
export interface Policy {
  readonly name: string;
  /** `audit` decides, asks and reports, and changes and refuses nothing; `off` does nothing. */
  readonly enforcement: "enforce" | "audit" | "off";
  /** `extra` keys that mark a credential as narrower than its user (OpenShift: `scopes.authorization.openshift.io`). */
  readonly narrowing: readonly string[];
  readonly targets: readonly Target[];
}

/** Resources whose objects name an identity, the fields that do, and the rule for them. */
export interface Target {
  readonly group: string;
  /** `["*"]` where the fields are the same in every version. */
  readonly versions: readonly string[];
  /** Plural names. */
  readonly resources: readonly string[];
  readonly fields: readonly Field[];
  /** Paths in the status that the controller acts on with the declared identity's rights. */
  readonly statusPaths: readonly Path[];
  /** Values that the controller treats as all-powerful, each with the username that it stands for. */
  readonly privileged: Readonly<Record<string, string>>;
  /** A forbidden identity is set to the requester, or the request is refused. */
  readonly onForbidden: "requester" | "deny";
  /** An empty field is set to the requester or to a fixed name, refused, left alone, or judged as `emptyStandsFor`. */
  readonly onEmpty: "requester" | "deny" | "allow" | "stands" | { readonly default: string };
  /** The identity that an empty field stands for where it stays empty: in a status write, and everywhere if `onEmpty` is `stands`. */
  readonly emptyStandsFor?: string;
  /** `default` writes a requester into the field although a privileged value stands for that account. */
  readonly onPrivilegedRequester: "deny" | "default";
  /** Usernames of controllers that copy the field from another target of this policy. */
  readonly writers: readonly Writer[];
  /** Usernames of controllers whose updates are skipped where only `status` and `metadata` differ. */
  readonly statusWriters: readonly string[];
  /** The permission that is asked for, where it is not `impersonate`: the identity lives on another cluster, say. */
  readonly permission?: Permission;
}

/** A field that names an identity: a username, or a service account in a form of its own. */
export interface Field {
  readonly path: Path;
  /** Absent: the field holds a username. */
  readonly serviceAccount?: ServiceAccountForm;
}

/**
 * How a field names a service account: `name` (in the object's namespace), `namespace:name` (or a bare name), or a name whose namespace
 * stands beside it under another key.
 */
export type ServiceAccountForm = "name" | "namespace:name" | { readonly namespaceKey: string };

/** The paths to everything that makes a field's identity. */
export function identityPaths({ path, serviceAccount }: Field): readonly Path[] {
  return typeof serviceAccount === "object"
    ? [path, [...path.slice(0, -1), { key: serviceAccount.namespaceKey }]]
    : [path];
}

const isIn =
  (part: "metadata" | "status") =>
  ({ path: [first] }: Pick<Field, "path">): boolean =>
    typeof first === "object" && first.key === part;

/** Whether a field lies in the metadata, which subresources of built-in kinds store too. */
export const isInMetadata = isIn("metadata");

/** Whether a field lies in the status, which mutate does not read. */
export const isInStatus = isIn("status");

/** A controller that copies the field from a guarded target, `<plural>.<group>`. */
export interface Writer {
  readonly username: string;
  readonly copiesFrom: string;
}

/** What is asked instead of `impersonate`: this verb on this resource, named after the identity, in the object's namespace. */
export interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
}

/** The target that covers a resource (`request.resource`), or undefined. */
export function targetOf(
  policy: Policy,
  { group, version, resource }: { readonly group: string; readonly version: string; readonly resource: string },
): Target | undefined {
  return policy.targets.find(
    (target) =>
      target.group === group &&
      target.resources.includes(resource) &&
      (target.versions.includes("*") || target.versions.includes(version)),
  );
}

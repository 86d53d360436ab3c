import type { JsonObject } from "../meta/json.ts";
import { type Path, type Place, placesOf } from "./path.ts";

/** The guarded resources, and the rule for each. Made by `readPolicy`, which checks it. */
export interface Policy {
  readonly name: string;
  /** Under `audit` requests are judged and reported, but neither changed nor refused. Under `off` they are not judged. */
  readonly enforcement: "enforce" | "audit" | "off";
  /** `extra` keys that mark a credential as narrower than its user (OpenShift: `scopes.authorization.openshift.io`). */
  readonly narrowing: readonly string[];
  readonly targets: readonly Target[];
}

/** Resources whose objects name an identity, and the fields that name it. */
export interface Target {
  readonly group: string;
  /** `["*"]` where the fields are the same in every version. */
  readonly versions: readonly string[];
  /** Plural names. */
  readonly resources: readonly string[];
  readonly fields: readonly Field[];
  /** Paths in the status that the controller acts on with the declared identity's rights. */
  readonly statusPaths: readonly Path[];
  /** `default` writes a requester into the field although a privileged value stands for that account. */
  readonly onPrivilegedRequester: "deny" | "default";
  /** Usernames of controllers that copy the field from another target of this policy. */
  readonly writers: readonly Writer[];
  /** Usernames of controllers whose updates are skipped where only `status` and `metadata` differ. */
  readonly statusWriters: readonly string[];
  /** Whether the controller may read members in any letter case, as Go's `encoding/json` does. */
  readonly ignoresLetterCase: boolean;
}

/** What becomes of the identities that a field names. */
export interface FieldRule {
  /** Values that the controller treats as all-powerful, each with the username that the value stands for. */
  readonly privileged: Readonly<Record<string, string>>;
  /** Values that need no permission. */
  readonly unprivileged: readonly string[];
  /** Whether a forbidden identity is set to the requester, or the request is refused. */
  readonly onForbidden: "requester" | "deny";
  /** An empty field is set to the requester or to a fixed name, refused, left alone, or judged as `emptyStandsFor`. */
  readonly onEmpty: "requester" | "deny" | "allow" | "stands" | { readonly default: string };
  /** The identity that an empty field stands for where it stays empty: in a status write, and everywhere if `onEmpty` is `stands`. */
  readonly emptyStandsFor?: string;
  /** The permission that is asked for instead of `impersonate`, for instance where the identity lives on another cluster. */
  readonly permission?: Permission;
}

/**
 * A field that names an identity: a username, a service account in a form of its own, a group or a list of groups, or a value that is not
 * read, because it can name any service account of the object's namespace (an inline template) or stands for one identity (a kubeconfig).
 */
export interface Field extends FieldRule {
  readonly path: Path;
  readonly names: "username" | "serviceAccount" | "group" | "anything";
  /** Of a service account. */
  readonly serviceAccount?: ServiceAccountForm;
  /** Of a value that is not read: the identity that every value stands for. Without it, the value can name any service account. */
  readonly standsFor?: string;
  /** Other rules, each for objects that have a value elsewhere. The first that holds counts. */
  readonly whenSet: readonly Condition[];
}

/** The rule of a field in objects that have a value at `path`: one that is neither null, "", {}, [] nor false. */
export interface Condition extends FieldRule {
  readonly path: Path;
}

/**
 * How a field names a service account. `name`: in the object's namespace. `namespace:name`: both. Otherwise a name whose namespace stands
 * beside it under another key, or at another path of the object, and otherwise is the object's. With `required`, a name without a namespace of
 * its own is denied. With `colon`, the field may hold `namespace:name` too.
 */
export type ServiceAccountForm =
  | "name"
  | "namespace:name"
  | ({ readonly namespaceKey: string } & NamespaceOptions)
  | ({ readonly namespaceAt: Path } & NamespaceOptions);

interface NamespaceOptions {
  readonly required?: true;
  readonly colon?: true;
}

/** The paths to all values that determine a field's identity. */
export function identityPaths({ path, serviceAccount }: Pick<Field, "path" | "serviceAccount">): readonly Path[] {
  if (typeof serviceAccount !== "object") return [path];
  return "namespaceAt" in serviceAccount
    ? [path, serviceAccount.namespaceAt]
    : [path, [...path.slice(0, -1), { key: serviceAccount.namespaceKey }]];
}

const isIn =
  (part: "metadata" | "status") =>
  ({ path: [first] }: { readonly path: Path }): boolean =>
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

/** A permission that is asked for instead of `impersonate`: the verb on the resource of the identity's name, in the object's namespace. */
export interface Permission {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
}

/** Whether a value counts as set: not absent, null, "", {}, [] or false. */
const isSet = (value: unknown): boolean =>
  value !== undefined &&
  value !== null &&
  value !== "" &&
  value !== false &&
  !(typeof value === "object" && Object.keys(value).length === 0);

/** The rule of a field in this object. */
export function ruleIn({ whenSet, ...field }: Field, object: JsonObject): FieldRule {
  return (
    whenSet.find(({ path }) => {
      // A path that walks nothing leads to one place.
      const [{ value, blocked }] = placesOf(object, path) as readonly [Place];
      return blocked === undefined && isSet(value);
    }) ?? field
  );
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

import { serviceAccountUsername } from "../../lib/identity/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Target } from "../../lib/policy/policy.ts";
import { formatQuestion } from "../../lib/question/index.ts";
import { resourceName } from "../cluster/resource-name.ts";
import type { ListedResource } from "./listings.ts";
import type { Manager, Managers } from "./managers.ts";
import type { Rights } from "./rights.ts";
import type { Kind, Stated } from "./stated.ts";
import type { SubjectName } from "./who-may.ts";
import { isKept, type WouldBe } from "./would-be.ts";

/** `forbidden`: a given writer may not keep the named identity. `named` is listed only with `--all`. */
export type FindingKind = Kind | "forbidden";

/** One field of one stored object that needs a look. The element of `-o json`. */
export interface ReportFinding {
  readonly resource: string;
  readonly version: string;
  readonly namespace: string;
  readonly name: string;
  readonly field: string;
  readonly finding: FindingKind;
  readonly declared: string;
  readonly standsFor: string;
  /** What an edit of the object does once the policy is enforced. */
  readonly whenEnforced: string;
  /** What to do. */
  readonly fix: string;
  /** Empty for a field without an owner: a webhook set it, or it is absent. */
  readonly fieldManagers: readonly Manager[];
  readonly specManagers: readonly Manager[];
  readonly wouldBeGiven: readonly WouldBe[];
  /** The subjects that may write the object, by RBAC as it is now. null if RBAC cannot be read. */
  readonly mayWrite: readonly SubjectName[] | null;
  /**
   * The subjects that have the permission for the identity that is named, or that an empty field stands for, by RBAC: those that may also write
   * the object may leave it as it is. Empty if there is no such identity. null if RBAC cannot be read.
   */
  readonly mayImpersonate: readonly SubjectName[] | null;
  /**
   * The subjects that may write the object, by RBAC, but not leave the field as it is: once the policy is enforced, their edits are refused or
   * change the field. null if RBAC cannot be read.
   */
  readonly mayNotKeep: readonly SubjectName[] | null;
}

/** All facts about one field. */
export interface Evidence {
  readonly resource: ListedResource;
  readonly target: Target;
  readonly object: JsonObject;
  readonly stated: Stated;
  readonly managers: Managers;
  readonly wouldBe: readonly WouldBe[];
}

/** Kinds that are an ordinary identity to a writer who may keep it. */
const ordinaryToKeepers: readonly FindingKind[] = ["privileged", "any-account", "other-namespace", "in-status"];

/** The kind of a field, with the verdicts for the given writers. */
export function kindOf({ stated: { kind, standsFor }, wouldBe }: Pick<Evidence, "stated" | "wouldBe">): FindingKind {
  if (ordinaryToKeepers.includes(kind) || (kind === "empty" && standsFor))
    return wouldBe.length > 0 && wouldBe.every(isKept) ? "named" : kind;
  return kind === "named" && !wouldBe.every(isKept) ? "forbidden" : kind;
}

export function findingOf(evidence: Evidence, rights: Rights | undefined): ReportFinding {
  const { resource, target, object, stated, managers, wouldBe } = evidence;
  const { namespace, name } = isObject(object["metadata"]) ? object["metadata"] : {};
  const finding = kindOf(evidence);
  const acting = isActedOn(stated) ? stated.permissions : [];
  const written = { ...resource, ...(stated.inStatus && resource.hasStatus ? { subresource: "status" } : {}) };
  return {
    resource: resourceName(resource),
    version: resource.version,
    namespace: String(namespace ?? ""),
    name: String(name),
    field: stated.field,
    finding,
    declared: stated.declared,
    standsFor: stated.standsFor,
    whenEnforced: whenEnforced(finding, target, stated),
    fix: fixOf(finding, stated),
    fieldManagers: managers.field,
    specManagers: managers.spec,
    wouldBeGiven: wouldBe,
    mayWrite: rights ? rights.mayWrite(written, object) : null,
    mayImpersonate: rights ? rights.may(acting) : null,
    mayNotKeep: rights ? rights.mayNotKeep(written, object, acting, keepersOf(target, stated)) : null,
  };
}

/** Whether a permission decides over the field as it is: it names an identity, or stands for one while it is empty. */
const isActedOn = ({ kind, standsFor }: Stated): boolean =>
  kind === "named" || ordinaryToKeepers.includes(kind) || (kind === "empty" && standsFor !== "");

/** Controllers of the cluster itself that may write every object, and change nothing that is judged (rule `change`). */
const unchanging = ["generic-garbage-collector", "storage-version-migrator-controller"].map((name) =>
  serviceAccountUsername({ namespace: "kube-system", name }),
);

/** The usernames that need no permission to keep the field: that of the identity itself, and those of trusted writers. */
const keepersOf = ({ writers }: Target, { kind, names, rule, declared, standsFor }: Stated): readonly string[] => {
  const isNever =
    names === "group" ||
    rule?.permission !== undefined ||
    (kind === "privileged" && declared !== "" && declared !== standsFor);
  return [...(isNever ? [] : [declared || standsFor]), ...writers.map(({ username }) => username), ...unchanging];
};

const allowedBy = ({ permissions }: Stated): string =>
  permissions
    .map((resourceAttributes) => formatQuestion({ user: "", groups: [], extra: {}, resourceAttributes }))
    .join(" and ");

const whenEnforced = (finding: FindingKind, { onPrivilegedRequester }: Target, stated: Stated): string => {
  const {
    onEmpty = "deny",
    onForbidden = "deny",
    emptyStandsFor = "",
    privileged = {},
    permission,
  } = stated.rule ?? {};
  const isSpecial = permission !== undefined || finding === "any-account";
  const others = (impersonate: string): string =>
    isSpecial ? `without the permission to ${allowedBy(stated)}` : `who may not impersonate ${impersonate}`;
  switch (finding) {
    case "empty": {
      if (onEmpty === "stands") return `an edit by an editor ${others(`"${emptyStandsFor}"`)} is refused`;
      const children =
        Object.keys(privileged).length > 0 && onPrivilegedRequester === "deny"
          ? "; until then its controller acts as itself, and is refused children without an identity"
          : "";
      if (onEmpty === "requester") return `the next edit sets it to the editor${children}`;
      if (typeof onEmpty === "object")
        return `the next edit sets it to "${onEmpty.default}", or is refused to an editor who may not impersonate that`;
      return `every edit is refused that leaves it empty${children}`;
    }
    case "named":
    case "privileged":
    case "any-account":
    case "other-namespace":
    case "in-status":
    case "forbidden":
      return onForbidden === "requester"
        ? `an edit by a user ${others("it")} sets it to that user`
        : `an edit by a user ${others("it")} is refused`;
    default:
      return "every edit is refused that leaves it so";
  }
};

const fixOf = (finding: FindingKind, stated: Stated): string => {
  const { field, declared, standsFor, sentence, names } = stated;
  const allowed = allowedBy(stated);
  switch (finding) {
    case "named":
      return "";
    case "empty":
      return standsFor === ""
        ? `set ${field} to the identity that this object is to act as; until then the controller decides whose rights it uses, often its own`
        : `set ${field} to the identity that this object is to act as, unless it is meant to act as ${standsFor}`;
    case "privileged":
      if (declared === "")
        return `leave ${field} out, or see that only those edit the object who may ${allowed}; it stands for ${standsFor}`;
      return `set ${field} to an ordinary identity, or see that only those edit the object who may ${allowed}; "${declared}" ${declared === standsFor ? "is the controller's own account" : `stands for ${standsFor}`}`;
    case "any-account":
      return `leave ${field} out, or see that only those edit the object who may ${allowed}; the value is not read, because it can name any service account`;
    case "other-namespace":
      return `set ${field} to a service account of the object's namespace, or see that only those edit the object who may ${allowed}`;
    case "in-status":
      return `see that the object's controller wrote ${field}, because it acts on it; from then on a user must be allowed to ${allowed} to write it`;
    case "forbidden":
      return `set ${field} to ${names === "username" ? "an identity of the writer's own" : "one that the writer may impersonate"}, or grant the writer to ${allowed}`;
    case "too-many-identities":
      return sentence;
    default:
      return `mend ${field}: ${sentence}`;
  }
};

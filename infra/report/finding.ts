import type { GroupVersionResource } from "../../lib/decision/index.ts";
import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Target } from "../../lib/policy/policy.ts";
import { formatQuestion } from "../../lib/question/index.ts";
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
   * The subjects that may impersonate the named identity, by RBAC: those that may also write the object may leave it as it is. Empty if no
   * identity is named. null if RBAC cannot be read.
   */
  readonly mayImpersonate: readonly SubjectName[] | null;
}

/** All facts about one field. */
export interface Evidence {
  readonly resource: GroupVersionResource;
  readonly target: Target;
  readonly object: JsonObject;
  readonly stated: Stated;
  readonly managers: Managers;
  readonly wouldBe: readonly WouldBe[];
}

/** The kind of a field, with the verdicts for the given writers. */
export function kindOf({ stated: { kind, standsFor }, wouldBe }: Pick<Evidence, "stated" | "wouldBe">): FindingKind {
  if (kind === "privileged" || (kind === "empty" && standsFor))
    return wouldBe.length > 0 && wouldBe.every(isKept) ? "named" : kind;
  return kind === "named" && !wouldBe.every(isKept) ? "forbidden" : kind;
}

export function findingOf(evidence: Evidence, rights: Rights | undefined): ReportFinding {
  const { resource, target, object, stated, managers, wouldBe } = evidence;
  const { namespace, name } = isObject(object["metadata"]) ? object["metadata"] : {};
  const finding = kindOf(evidence);
  const names = stated.kind === "named" || stated.kind === "privileged";
  return {
    resource: resource.group === "" ? resource.resource : `${resource.resource}.${resource.group}`,
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
    mayWrite: rights ? rights.mayWrite(resource, object) : null,
    mayImpersonate: rights ? rights.may(names ? stated.permissions : []) : null,
  };
}

const whenEnforced = (finding: FindingKind, { onPrivilegedRequester }: Target, { rule }: Stated): string => {
  const { onEmpty = "deny", onForbidden = "deny", emptyStandsFor = "", privileged = {} } = rule ?? {};
  switch (finding) {
    case "empty":
      if (onEmpty === "stands") return `an edit by an editor who may not impersonate "${emptyStandsFor}" is refused`;
      if (onEmpty === "requester")
        return Object.keys(privileged).length > 0 && onPrivilegedRequester === "deny"
          ? "the next edit sets it to the editor; until then its controller acts as itself, and is refused children without an identity"
          : "the next edit sets it to the editor";
      if (typeof onEmpty === "object")
        return `the next edit sets it to "${onEmpty.default}", or is refused to an editor who may not impersonate that`;
      return "every edit is refused that leaves it empty";
    case "named":
    case "privileged":
    case "forbidden":
      return onForbidden === "requester"
        ? "an edit by a user who may not impersonate it sets it to that user"
        : "an edit by a user who may not impersonate it is refused";
    default:
      return "every edit is refused that leaves it so";
  }
};

const fixOf = (finding: FindingKind, { field, declared, standsFor, permissions, sentence }: Stated): string => {
  const allowed = permissions
    .map((resourceAttributes) => formatQuestion({ user: "", groups: [], extra: {}, resourceAttributes }))
    .join(" and ");
  switch (finding) {
    case "named":
      return "";
    case "empty":
      return standsFor === ""
        ? `set ${field} to the identity that this object is to act as; until then the controller decides whose rights it uses, often its own`
        : `set ${field} to the identity that this object is to act as, unless it is meant to act as ${standsFor}`;
    case "privileged":
      return `set ${field} to an ordinary identity, or see that only those edit the object who may ${allowed}; "${declared}" ${declared === standsFor ? "is the controller's own account" : `stands for ${standsFor}`}`;
    case "forbidden":
      return `set ${field} to an identity of the writer's own, or grant the writer to ${allowed}`;
    case "too-many-identities":
      return `${sentence}`;
    default:
      return `mend ${field}: ${sentence}`;
  }
};

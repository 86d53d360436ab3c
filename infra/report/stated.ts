import { type IdentityField, identityFieldsOf } from "../../lib/decision/identity-field.ts";
import { concludeFields, type FieldVerdict, type GroupVersionResource, judgeFields } from "../../lib/decision/index.ts";
import { serviceAccountOf, type UserInfo } from "../../lib/identity/index.ts";
import { isObject, type JsonObject, member } from "../../lib/meta/json.ts";
import { pointerOf, type Segments, valueAt } from "../../lib/policy/path.ts";
import { type Field, type FieldRule, isInStatus, type Policy, targetOf } from "../../lib/policy/policy.ts";
import type { ResourceAttributes } from "../../lib/question/index.ts";

/** The kind of a field in a stored object, without its writer. Each kind but `named` needs a look before a policy is enforced. */
export type Kind =
  | "named"
  | "empty"
  | "privileged"
  | "any-account"
  | "other-namespace"
  | "in-status"
  | "unsafe-name"
  | "not-a-string"
  | "parent-not-an-object"
  | "letter-case"
  | "too-many-identities";

/** One field of a stored object, by the object alone. */
export interface Stated {
  readonly kind: Kind;
  readonly segments: Segments;
  readonly field: string;
  /** The rule of the field; undefined for a finding about the object as a whole. */
  readonly rule: FieldRule | undefined;
  readonly names: Field["names"];
  /** Whether the status holds the field. */
  readonly inStatus: boolean;
  /** The identity that is named: a username or a group; empty where there is none. */
  readonly declared: string;
  /** The identity that a privileged value, a value that is not read or an empty field stands for; for a controller's own account that account; otherwise empty. */
  readonly standsFor: string;
  /** The permissions that an editor needs, all of them, to leave the field as it is. */
  readonly permissions: readonly ResourceAttributes[];
  /** The rule's sentence about a value that no user may write. */
  readonly sentence: string;
}

/**
 * A username that no HTTP header carries: no field can name it, and it can be written into no field. So the verdicts on this editor depend
 * on the object alone.
 */
const unnameable: UserInfo = { username: "unnameable\n", groups: [], extra: {} };

/** Reads the fields of a stored object. A field that is empty and may be is left out, as is an object without fields. */
export function statedBy(policy: Policy, resource: GroupVersionResource, object: JsonObject): readonly Stated[] {
  const namespace = namespaceOf(object);
  const fields = identityFieldsAt(policy, resource, object, namespace);
  const judgement = judgeFields(policy, { resource, object, oldObject: object, requester: unnameable });
  const verdicts = concludeFields(
    judgement,
    judgement.questions.map(() => ({ allowed: true, reason: "" })),
  );
  const outsideStatus = new Set(
    [...fields.values()].filter(({ field }) => !isInStatus(field)).map(({ declared }) => declared),
  );
  return verdicts.flatMap((verdict) => {
    const { segments = [], at = "", declared, effective, sentence, decision, questions } = verdict;
    const found = fields.get(pointerOf(segments));
    const { rule, field: { names } = { names: "username" } } = found ?? {};
    const inStatus = found !== undefined && isInStatus(found.field);
    const privileged = rule?.privileged ?? {};
    const text = valueAt(object, segments);
    const meant = typeof text === "string" ? member(privileged, text) : undefined;
    const own = Object.values(privileged).includes(declared)
      ? declared
      : declared === "" && decision === "permitted"
        ? effective
        : "";
    const standsFor = typeof meant === "string" ? meant : own;
    const usual = usualKindOf(verdict, standsFor, names);
    if (usual === undefined) return [];
    const isOnlyInStatus = inStatus && !outsideStatus.has(declared);
    const isElsewhere = names === "serviceAccount" && !rule?.permission && isOfAnotherNamespace(declared, namespace);
    const kind = usual !== "named" ? usual : isOnlyInStatus ? "in-status" : isElsewhere ? "other-namespace" : "named";
    const permissions = questions.map(({ resourceAttributes }) => resourceAttributes);
    return [{ kind, segments, field: at, rule, names, inStatus, declared, standsFor, permissions, sentence }];
  });
}

const namespaceOf = ({ metadata }: JsonObject): string => {
  const { namespace } = isObject(metadata) ? metadata : {};
  return typeof namespace === "string" ? namespace : "";
};

/** The identity fields of an object by the JSON Pointers of their places. */
const identityFieldsAt = (
  policy: Policy,
  resource: GroupVersionResource,
  object: JsonObject,
  namespace: string,
): ReadonlyMap<string, IdentityField> => {
  const target = targetOf(policy, resource);
  if (target === undefined) return new Map();
  const context = { policy, target, requester: unnameable, namespace, object, before: undefined };
  const found = identityFieldsOf({ ...context, writes: "object" }, target.fields);
  return new Map(found.map((field) => [pointerOf(field.place.segments), field]));
};

const isOfAnotherNamespace = (username: string, namespace: string): boolean => {
  const account = serviceAccountOf(username);
  return account !== undefined && namespace !== "" && account.namespace !== namespace;
};

/** The kind, wherever the field lies and whatever its identity's namespace is. */
const usualKindOf = (
  { reason, declared }: FieldVerdict,
  standsFor: string,
  names: Field["names"],
): Kind | undefined => {
  switch (reason) {
    case "empty":
    case "unsafe-name":
    case "not-a-string":
    case "parent-not-an-object":
    case "letter-case":
    case "too-many-identities":
      return reason;
    // The editor's name would have to be written into an empty field.
    case "unsafe-requester":
      return "empty";
    case "may-impersonate":
      if (names === "anything") return standsFor === "" ? "any-account" : "privileged";
      if (declared === "") return "empty";
      return standsFor === "" ? "named" : "privileged";
    default:
      return undefined;
  }
};

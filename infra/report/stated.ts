import { concludeFields, type FieldVerdict, type GroupVersionResource, judgeFields } from "../../lib/decision/index.ts";
import type { UserInfo } from "../../lib/identity/index.ts";
import { type JsonObject, member } from "../../lib/meta/json.ts";
import { placesOf, pointerOf, type Segments, valueAt } from "../../lib/policy/path.ts";
import { type FieldRule, type Policy, ruleIn, targetOf } from "../../lib/policy/policy.ts";
import type { ResourceAttributes } from "../../lib/question/index.ts";

/** The kind of a field in a stored object, without its writer. Each kind but `named` needs a look before a policy is enforced. */
export type Kind =
  | "named"
  | "empty"
  | "privileged"
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
  /** The identity that is named, as a username; empty where there is none. */
  readonly declared: string;
  /** The identity that a privileged value or an empty field stands for; for a controller's own account that account; otherwise empty. */
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
  const rules = new Map(
    (targetOf(policy, resource)?.fields ?? []).flatMap((field) =>
      placesOf(object, field.path).map(({ segments }) => [pointerOf(segments), ruleIn(field, object)]),
    ),
  );
  const judgement = judgeFields(policy, { resource, object, oldObject: object, requester: unnameable });
  const allowed = judgement.questions.map(() => ({ allowed: true, reason: "" }));
  return concludeFields(judgement, allowed).flatMap((verdict) => {
    const { segments = [], at = "", declared, effective, sentence, decision, questions } = verdict;
    // A list of groups is one place.
    const rule = rules.get(pointerOf(segments)) ?? rules.get(pointerOf(segments.slice(0, -1)));
    const privileged = rule?.privileged ?? {};
    const accounts = Object.values(privileged);
    const text = valueAt(object, segments);
    const meant = typeof text === "string" ? member(privileged, text) : undefined;
    const own = accounts.includes(declared) ? declared : declared === "" && decision === "permitted" ? effective : "";
    const standsFor = typeof meant === "string" ? meant : own;
    const kind = kindOf(verdict, standsFor);
    if (kind === undefined) return [];
    const permissions = questions.map(({ resourceAttributes }) => resourceAttributes);
    return [{ kind, segments, field: at, rule, declared, standsFor, permissions, sentence }];
  });
}

const kindOf = ({ reason, declared }: FieldVerdict, standsFor: string): Kind | undefined => {
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
      if (declared === "") return "empty";
      return standsFor === "" ? "named" : "privileged";
    default:
      return undefined;
  }
};

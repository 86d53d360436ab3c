import { isHeaderSafe } from "../identity/header-safe.ts";
import { serviceAccountOf } from "../identity/service-account.ts";
import type { UserInfo } from "../identity/user-info.ts";
import { isProblem } from "../meta/json.ts";
import type { FieldRule, Writer } from "../policy/policy.ts";
import { impersonationQuestion, question, type ResourceQuestion } from "../question/question.ts";
import { type Finding, mapVerdicts } from "./finding.ts";
import type { IdentityField } from "./identity-field.ts";
import { identityIn } from "./identity-in.ts";
import * as messages from "./messages.ts";
import type { Denied, Kept, Reason, Written } from "./verdict.ts";

/** Judges one field by the rule, in its order: types and names, then empty, self and privileged, then the questions. */
export function judgeField(field: IdentityField): Finding {
  const { value, blocked, misspelt } = field.place;
  if (misspelt !== undefined) return invalid(field, "letter-case", messages.misspelt(misspelt));
  if (blocked !== undefined) return invalid(field, "parent-not-an-object", blocked);
  if (field.field.names === "anything") return judgeUnread(field);
  if (value === undefined || value === null || value === "") return judgeEmpty(field);
  if (typeof value !== "string") return invalid(field, "not-a-string", messages.notAString(value));
  return judgeName(field, value);
}

const judgeEmpty = (field: IdentityField): Finding => {
  const { onEmpty, emptyStandsFor } = field.rule;
  if (onEmpty === "allow") return kept(field, "permitted", "empty-allowed", messages.keptEmpty(field), "");
  const stays = onEmpty === "stands" || field.writes === "acted-on-status";
  if (emptyStandsFor !== undefined && stays) return judgeStandIn(field, emptyStandsFor);
  if (typeof onEmpty === "string" && onEmpty !== "requester")
    return denied(field, "empty", messages.refusedEmpty(field));
  if (field.writes !== "object") return denied(field, "empty", messages.refusedEmpty(field));
  if (typeof onEmpty === "object") return judgeDefault(field, onEmpty.default);
  const sentence = messages.filled(field, field.requester.username);
  return setToRequester(field, { decision: "defaulted", reason: "empty", sentence, refusal: messages.unfilled(field) });
};

/** A fixed default is judged as if it had been declared. Where it would be left as it is, it is written. */
const judgeDefault = (field: IdentityField, text: string): Finding => {
  const sentence = messages.filled(field, text);
  const change = {
    decision: "defaulted",
    reason: "empty",
    sentence,
    refusal: messages.withoutDefault(field, text),
  } as const;
  return mapVerdicts(judgeName(field, text), (verdict) =>
    verdict.decision === "self" || verdict.decision === "permitted"
      ? written(field, text, verdict.effective, change)
      : verdict,
  );
};

/** The identity that an empty field stands for is judged as if it had been declared. The field stays empty. */
const judgeStandIn = (field: IdentityField, identity: string): Finding =>
  judgeIdentity(field, { identity }, messages.standsForRequester(field), (ask) =>
    denied(field, "empty", messages.forbiddenEmpty(field, identity, ask)),
  );

/**
 * A value whose content is not read is judged as the identity that it stands for, or needs the permission to impersonate every service
 * account of the namespace.
 */
const judgeUnread = (field: IdentityField): Finding => {
  const { standsFor } = field.field;
  if (standsFor !== undefined)
    return judgeIdentity(field, { identity: standsFor }, messages.meansRequester(field), (ask) =>
      denied(field, "forbidden", messages.forbiddenMeaning(field, standsFor, ask)),
    );
  const writer = trustedWriterOf(field);
  if (writer) return kept(field, "permitted", "trusted-writer", messages.copied(field, writer), "");
  const ask = [questionFor(field, "")];
  return {
    ask,
    yes: kept(field, "permitted", "may-impersonate", messages.permittedAny(field), ""),
    no: denied(field, "forbidden", messages.forbiddenAny(field, ask)),
    subject: subjectOf(field),
  };
};

const judgeName = (field: IdentityField, text: string): Finding => {
  const identity = identityIn(field, text);
  if (isProblem(identity)) return invalid(field, "unsafe-name", messages.noName(field, text, identity.problem));
  if (field.rule.unprivileged.includes(text))
    return kept(field, "permitted", "unprivileged", messages.unprivileged(field, text), identity);
  const named = { identity, standsFor: privileged(field.rule, text) };
  return judgeIdentity(field, named, messages.own(field), (ask) => judgeForbidden(field, identity, ask));
};

interface Named {
  readonly identity: string;
  /** The account that a privileged value stands for; undefined for every other value. */
  readonly standsFor?: string | undefined;
}

/**
 * Judges the identity that a controller would act as: the requester's own, one that a trusted writer copied, or one that must be asked about.
 * A privileged value is asked about by its own name and by the account that it stands for, and never counts as the requester.
 */
const judgeIdentity = (
  field: IdentityField,
  { identity, standsFor }: Named,
  own: string,
  forbidden: (asked: readonly ResourceQuestion[]) => Finding,
): Finding => {
  const { requester, rule } = field;
  const isOwn = field.field.names !== "group" && identity === requester.username && rule.permission === undefined;
  if (isOwn && standsFor === undefined)
    return requireWholeIdentity(field, kept(field, "self", "requester", own, identity));
  const writer = trustedWriterOf(field);
  if (writer) return kept(field, "permitted", "trusted-writer", messages.copied(field, writer), identity);
  const ask = [identity, ...(standsFor === undefined ? [] : [standsFor])].map((each) => questionFor(field, each));
  const yes = kept(field, "permitted", "may-impersonate", messages.permitted(field, identity), identity);
  return { ask, yes, no: forbidden(ask), subject: subjectOf(field) };
};

const trustedWriterOf = ({ target, requester }: IdentityField): Writer | undefined =>
  target.writers.find(({ username }) => username === requester.username);

const judgeForbidden = (field: IdentityField, identity: string, asked: readonly ResourceQuestion[]): Finding => {
  const reason = field.inherited ? "inherited" : "forbidden";
  const refusal = messages.forbidden(field, identity, asked);
  if (field.rule.onForbidden === "deny" || field.writes !== "object") return denied(field, reason, refusal);
  return setToRequester(field, { decision: "replaced", reason, sentence: messages.replaced(field, identity), refusal });
};

type Change = Pick<Written, "decision" | "reason" | "sentence" | "refusal">;

/** Writes the requester's own name, which must be allowed in the field and covered by the requester's whole rights. */
const setToRequester = (field: IdentityField, change: Change): Finding => {
  const me = field.requester.username;
  const value = privilegedValueOf(field, me);
  if (value !== undefined) return denied(field, "privileged-requester", messages.privilegedRequester(field, value));
  if (!isHeaderSafe(me)) return invalid(field, "unsafe-requester", messages.unsafeRequester(field));
  return requireWholeIdentity(field, written(field, me, me, change));
};

/** Rule `own`: writing the requester's name grants its full rights, so a scoped token must be allowed to impersonate its own user. */
const requireWholeIdentity = (field: IdentityField, yes: Kept | Written): Finding => {
  const { requester, policy } = field;
  const scopedBy = policy.narrowing.find((key) => Object.hasOwn(requester.extra, key));
  if (scopedBy === undefined) return yes;
  const no = denied(field, "narrowed-requester", messages.scopedToken(field, scopedBy));
  return { ask: [questionFor(field, requester.username)], yes, no, subject: subjectOf(field) };
};

/** The account that a privileged value stands for; undefined for every other value. */
const privileged = (rule: FieldRule, value: string): string | undefined =>
  Object.hasOwn(rule.privileged, value) ? rule.privileged[value] : undefined;

/** Rule `privileged`: the privileged value that is this username or stands for it; undefined for every other username. */
const privilegedValueOf = ({ rule: { privileged }, target }: IdentityField, username: string): string | undefined => {
  if (Object.hasOwn(privileged, username)) return username;
  if (target.onPrivilegedRequester === "default") return undefined;
  return Object.keys(privileged).find((value) => privileged[value] === username);
};

/** "" for every service account of the object's namespace. */
const questionFor = (
  { requester, rule: { permission }, field: { names }, namespace }: IdentityField,
  identity: string,
) => {
  const inNamespace = namespace ? { namespace } : {};
  if (permission) return question(requester, { ...permission, version: "*", ...inNamespace, name: identity });
  const impersonate = { verb: "impersonate", group: "", version: "v1" };
  if (names === "group") return question(requester, { ...impersonate, resource: "groups", name: identity });
  return identity === ""
    ? question(requester, { ...impersonate, resource: "serviceaccounts", ...inNamespace, name: "" })
    : impersonationQuestion(requester, identity);
};

const subjectOf = ({ place, at, declared }: IdentityField) => ({ segments: place.segments, at, declared });

const kept = (
  field: IdentityField,
  decision: Kept["decision"],
  reason: Reason,
  sentence: string,
  effective: string,
): Kept => ({
  ...subjectOf(field),
  decision,
  reason,
  sentence,
  effective,
});

const written = (field: IdentityField, value: string, effective: string, change: Change): Written => {
  const { missing, value: present } = field.place;
  return {
    ...subjectOf(field),
    ...change,
    effective,
    write: { value, missing, present: present !== undefined },
    ...(hasGroups(field.requester) ? { lostGroups: messages.lostGroups(field, effective) } : {}),
  };
};

const impliedGroups = ["system:authenticated", "system:unauthenticated", "system:serviceaccounts"];

/** Whether the requester has groups that impersonation by name does not include. */
const hasGroups = ({ username, groups }: UserInfo): boolean => {
  const account = serviceAccountOf(username);
  const ofNamespace = account && `system:serviceaccounts:${account.namespace}`;
  return groups.some((group) => !impliedGroups.includes(group) && group !== ofNamespace);
};

const denied = (field: IdentityField, reason: Reason, sentence: string): Denied => ({
  ...subjectOf(field),
  decision: "denied",
  reason,
  sentence,
  code: 403,
  causes: [],
  effective: "",
});

/** The value itself is at fault. */
const invalid = (field: IdentityField, reason: Reason, message: string): Denied => ({
  ...denied(field, reason, `${field.at}: ${message}`),
  code: 422,
  causes: [{ field: field.at, message }],
});

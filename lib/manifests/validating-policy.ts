import { longestName } from "../identity/header-safe.ts";
import { formatPath, namesOf } from "../policy/path.ts";
import type { Field, FieldRule, Policy, Target } from "../policy/policy.ts";
import {
  type Asking,
  answers,
  askedVariables,
  distinctQuestions,
  mostQuestions,
  restAfter,
  saidOf,
} from "./ask-in-cel.ts";
import { accessTo, celString, listOf, mostWalked } from "./cel.ts";
import {
  asksOf,
  questionVariables,
  sharingWalks,
  tagOf,
  tagStart,
  type Variable,
  type WalkedFields,
} from "./gather-questions.ts";
import {
  byRule,
  emptyItem,
  type Fault,
  faultItem,
  type GatheredField,
  kindsOf,
  permissionsOf,
  type Reading,
  standInOf,
} from "./items-in-cel.ts";
import { misspeltInCel } from "./misspelt-in-cel.ts";

/** One of a policy's `validations`. */
interface Validation {
  readonly expression: string;
  readonly message: string;
  readonly messageExpression?: string;
  readonly reason: "Invalid" | "Forbidden";
}

/** The fields that an admission policy judges, and how it reads them. */
export interface JudgedPart {
  readonly policy: Policy;
  readonly target: Target;
  readonly fields: readonly Field[];
  readonly reading: Reading;
  /** Whether the object may be of another kind than the resource, as the objects of some subresources are. */
  readonly mayBeForeign: boolean;
}

/** The variables that every admission policy of a target has: the requester, and what the fields' own variables need. */
export function requesterVariables({ policy, target }: Pick<JudgedPart, "policy" | "target">): readonly Variable[] {
  const narrowed = policy.narrowing.map(
    (key) => `(has(request.userInfo.extra) && ${celString(key)} in request.userInfo.extra)`,
  );
  const writers = target.writers.map(({ username }) => username);
  return [
    { name: "me", expression: "request.userInfo.username" },
    { name: "ownNamespace", expression: "has(request.namespace) ? request.namespace : ''" },
    ...(target.fields.some(({ serviceAccount }) => serviceAccount === "name")
      ? [{ name: "ownAccounts", expression: "'system:serviceaccount:' + variables.ownNamespace + ':'" }]
      : []),
    ...(narrowed.length > 0 ? [{ name: "isNarrowed", expression: narrowed.join(" || ") }] : []),
    ...(writers.length > 0 ? [{ name: "isWriter", expression: `variables.me in ${listOf(writers)}` }] : []),
  ];
}

/** The judged fields, each with its number. */
export function gatheredFields({
  policy,
  target,
  fields,
  reading,
}: Omit<JudgedPart, "mayBeForeign">): readonly GatheredField[] {
  return fields.map((field, index) => ({ policy, target, field, index, reading }));
}

/** The spec of a ValidatingAdmissionPolicy without its constraints: it refuses what the requester may not write. */
export function validatingSpec(part: JudgedPart): Readonly<Record<string, unknown>> {
  const { policy, target } = part;
  const fields = gatheredFields(part);
  const walks = sharingWalks(fields);
  const asking = { kinds: kindsOf(target, part.fields), permissions: permissionsOf(target) };
  const count = mostQuestionsOf(part);
  const asked = askedVariables(count);
  const questions = asked.map(({ question }) => question);
  return {
    variables: [
      ...requesterVariables({ policy, target }),
      ...(target.ignoresLetterCase
        ? [{ name: "isMisspelt", expression: misspeltInCel(part.fields, part.reading.root) }]
        : []),
      ...walks.flatMap(questionVariables),
      { name: "asks", expression: asksOfAll(walks) },
      { name: "fields", expression: `[${fields.map(described).join(", ")}]` },
      ...distinctQuestions("asks", count),
      ...answers(asking, count),
      { name: "declared", expression: declared(part, questions) },
      { name: "sentences", expression: sentences(part, questions, asking) },
    ],
    validations: [
      ...(part.mayBeForeign ? [foreignKind(part)] : []),
      ...(target.ignoresLetterCase ? [otherSpelling(part)] : []),
      ...faultsOf(part),
      ...(isUnlimited(part) ? [tooMany(part)] : []),
      ...asked.map(
        ({ may }, index): Validation => ({
          expression: may,
          messageExpression: `variables.sentences[${index}]`,
          message: `${labels(part)} must name an identity that the requester may impersonate`,
          reason: "Forbidden",
        }),
      ),
    ],
    auditAnnotations: [
      { key: "requester", valueExpression: "variables.me" },
      { key: "declared", valueExpression: "variables.declared" },
    ],
  };
}

/** The items of all fields, in CEL. A field that has a walk of its own has its tag before all of its items. One field alone needs none. */
const asksOfAll = (walks: readonly WalkedFields[]): string => {
  const needTags = walks.length > 1;
  const texts = walks.flatMap((fields) => [
    ...(needTags && fields.length === 1 ? [tagOf(fields[0])] : []),
    `variables.${asksOf(fields)}`,
  ]);
  return needTags ? `[${texts.join(", ")}].join('')` : texts.join("");
};

/** Whether the number of questions depends on the object. */
const isUnlimited = ({ fields }: JudgedPart): boolean =>
  fields.some(({ path, names }) => namesOf(path) === undefined || names === "group") ||
  fields.length * 2 > mostQuestions;

/** The most questions that these fields need. A privileged value needs two. */
const mostQuestionsOf = (part: JudgedPart): number => {
  const needed = part.fields.map((field) => ([field, ...field.whenSet].some(hasPrivileged) ? 2 : 1));
  return isUnlimited(part) ? mostQuestions : needed.reduce((sum, each) => sum + each, 0);
};

const hasPrivileged = ({ privileged }: FieldRule): boolean => Object.keys(privileged).length > 0;

/** What messages say of a field: in CEL, a list of texts, whose places are these. */
const said = {
  label: "f[0]",
  fix: "f[1]",
  fill: "f[2]",
  type: "f[3]",
  account: "f[4]",
};

const described = (gathered: GatheredField): string =>
  `[${[
    celString(formatPath(gathered.field.path)),
    byRule(gathered, (rule) => fixOf(gathered, rule)),
    byRule(gathered, (rule) => fillOf(gathered, rule)),
    celString(typeOf(gathered.field)),
    celString(accountOf(gathered.field)),
  ].join(", ")}]`;

/** A text about the field `f` of an item, and about the text `b` before that item's first place. */
const ofFirst = ({ fields }: JudgedPart, item: string, text: string): string => {
  const number = `int(b.substring(b.lastIndexOf('${tagStart}') + 2).split('\\n', 2)[0])`;
  const field = `variables.fields[${fields.length > 1 ? number : 0}]`;
  return `[variables.asks.split(${item}, 2)[0]].map(b, [${field}].map(f, ${text})[0])[0]`;
};

/** The types that a field and its parents must have. */
const typeOf = ({ path, names }: Field): string => {
  const parents = `its parents must be ${path.includes("each") ? "objects or lists" : "objects"}`;
  const types = { username: "a string", serviceAccount: "a string", group: "a string or a list of strings" };
  return names === "anything" ? parents : `must be ${types[names]}, and ${parents}`;
};

/** The text that a field for a service account must hold. */
const accountOf = ({ serviceAccount: form }: Field): string => {
  if (form === "namespace:name") return "must be NAMESPACE:NAME of a service account";
  const where = typeof form === "object" ? ", and its namespace must be valid" : " in a namespace";
  return form === undefined ? "" : `must be the name of a service account${where}`;
};

/** Whether an empty field may stand for an identity. */
const hasStandIn = ({ field, reading }: GatheredField): boolean =>
  [field, ...field.whenSet].some((rule) => standInOf(rule, reading) !== undefined);

/** The fix for a forbidden identity, in CEL. */
const fixOf = ({ field }: GatheredField, rule: FieldRule): string => {
  if (field.names === "anything") return "'leave it out'";
  const own = rule.onForbidden === "requester" ? "' + variables.me + ' or to " : "";
  return `('set it to ${own}an identity that ' + variables.me + ' may ${rule.permission ? "use" : "impersonate"}')`;
};

/** The fix for an empty field, in CEL. */
const fillOf = (gathered: GatheredField, rule: FieldRule): string =>
  typeof rule.onEmpty === "object"
    ? celString(`set it to "${rule.onEmpty.default}"`)
    : fixOf(gathered, rule.onEmpty === "requester" ? { ...rule, onForbidden: "requester" } : rule);

/** The fields in messages that cannot tell which of them is at fault. */
const labels = ({ fields }: JudgedPart): string =>
  fields.length > 3 ? "the object" : fields.map(({ path }) => formatPath(path)).join(", ");

/** The search for the field of a question costs too much in a larger text. */
const mostSearched = 10_000;

/** A sentence for each question: which field needs it, and the fix. Messages cannot ask the authorizer, so each question has one. */
const sentences = (part: JudgedPart, questions: readonly string[], asking: Asking): string => {
  const item = "'\\n' + q + '\\n'";
  const may = `variables.me + ' may not ' + ${saidOf("q", asking)}`;
  const standsForAny = gatheredFields(part).some(hasStandIn);
  const what = standsForAny
    ? `(b.endsWith(${emptyItem}) ? ' is empty, and ' + ${may} + ', which it stands for' : ': ' + ${may})`
    : `': ' + ${may}`;
  const why = ofFirst(part, item, `${said.label} + ${what} + '; ' + ${said.fix}`);
  return `[${questions.join(", ")}].map(q, q == '' ? '' : size(variables.asks) < ${mostSearched} ? ${why} : ${may})`;
};

/** The identities that the object names, for the audit log. */
const declared = ({ fields: [field, ...more], reading }: JudgedPart, questions: readonly string[]): string => {
  const names = field && namesOf(field.path);
  if (names && more.length === 0 && field.names !== "group" && field.names !== "anything") {
    const { there, value } = accessTo(reading.root, names);
    return `${there} && type(${value}) == string ? string(${value}) : ''`;
  }
  return `[${questions.join(", ")}].filter(q, q.contains('\\t')).map(q, q.split('\\t')[1]).join(', ')`;
};

const foreignKind = (part: JudgedPart): Validation => ({
  expression: "oldObject != null && !(request.kind.group == 'autoscaling' && request.kind.kind == 'Scale')",
  message: `${labels(part)} must not be in an object of another kind than ${part.target.resources.join(" or ")}; leave it out`,
  reason: "Invalid",
});

const otherSpelling = (part: JudgedPart): Validation => ({
  expression: "!variables.isMisspelt",
  message: `${labels(part)}: the name of a member differs from a guarded one only in letter case, and the controller may read it; write it as the policy does, or leave it out`,
  reason: "Invalid",
});

const tooMany = (part: JudgedPart): Validation => ({
  expression: `${restAfter(mostQuestions)} == ''`,
  message: `${labels(part)}: the object names more than ${mostQuestions} identities, which an admission policy cannot check; name fewer, or use the webhook`,
  reason: "Forbidden",
});

/** A fault that some fields can have. */
interface FaultText {
  readonly fault: Fault;
  readonly isOf: (gathered: GatheredField) => boolean;
  /** What the message says behind the field's name: in CEL, or a text that is the same for all fields. */
  readonly says: (field: Field) => string;
  readonly end?: string;
  readonly reason: Validation["reason"];
}

const isDeep = ({ field }: GatheredField): boolean => field.path.includes("deep");

/** In the order of the rule. */
const faultTexts: readonly FaultText[] = [
  { fault: "type", isOf: () => true, says: typeOf, end: `' ' + ${said.type}`, reason: "Invalid" },
  {
    fault: "name",
    isOf: (gathered) => ["username", "group"].includes(gathered.field.names) && !isDeep(gathered),
    says: () => `must be printable ASCII without spaces at its ends, of ${longestName} characters at most`,
    reason: "Invalid",
  },
  {
    fault: "account",
    isOf: (gathered) => gathered.field.names === "serviceAccount" && !isDeep(gathered),
    says: accountOf,
    end: `' ' + ${said.account}`,
    reason: "Invalid",
  },
  {
    fault: "depth",
    isOf: isDeep,
    says: ({ path }) =>
      `cannot be read by an admission policy; leave ${formatPath(path.slice(0, path.indexOf("deep")))} out, or use the webhook`,
    end: `' cannot be read by an admission policy; leave ' + ${said.label}.split('.**')[0] + ' out, or use the webhook'`,
    reason: "Forbidden",
  },
  {
    fault: "size",
    isOf: ({ field }) => field.path.includes("each"),
    says: () =>
      `lies in a list or a map with more than ${mostWalked} items, which an admission policy cannot read; use the webhook`,
    reason: "Forbidden",
  },
  {
    fault: "empty",
    isOf: ({ field, reading }) =>
      field.names !== "anything" &&
      !field.path.includes("deep") &&
      [field, ...field.whenSet].some((rule) => rule.onEmpty !== "allow" && standInOf(rule, reading) === undefined),
    says: () => "is empty",
    end: `' is empty; ' + ${said.fill}`,
    reason: "Forbidden",
  },
];

/** A validation for each fault that a field can have. */
const faultsOf = (part: JudgedPart): readonly Validation[] =>
  faultTexts.flatMap(({ fault, isOf, says, end, reason }): readonly Validation[] => {
    const [first, ...more] = gatheredFields(part).filter(isOf);
    if (first === undefined) return [];
    const text = says(first.field);
    const isThere = `variables.asks.contains(${faultItem(fault)})`;
    const found = ofFirst(part, faultItem(fault), `${said.label} + ${end ?? celString(` ${text}`)}`);
    const isPlain = part.fields.length === 1 && fault !== "empty";
    return [
      {
        expression: `!${isThere}`,
        // The API server evaluates the message of every object, refused or not.
        ...(isPlain ? {} : { messageExpression: `${isThere} ? ${found} : ''` }),
        message: `${more.length > 0 ? labels(part) : formatPath(first.field.path)} ${text}`,
        reason,
      },
    ];
  });

import { namesOf, pointerOf } from "../policy/path.ts";
import { type Field, type FieldRule, isInStatus, type Policy, type Target } from "../policy/policy.ts";
import { isAllowed } from "./ask-in-cel.ts";
import { accessTo, celString, listOf } from "./cel.ts";
import { questionVariables, type Variable } from "./gather-questions.ts";
import {
  byRule,
  defaultItems,
  faultItem,
  type GatheredField,
  isSafeName,
  kindsOf,
  permissionsOf,
} from "./items-in-cel.ts";
import { gatheredFields, requesterVariables } from "./validating-policy.ts";

/** The fields that a policy sets: they lie at one place outside the status. What else would have to be set is refused. */
export function settableFields({ fields }: Target): readonly Field[] {
  return fields.filter(
    (field) =>
      namesOf(field.path) && field.names !== "group" && !isInStatus(field) && [field, ...field.whenSet].some(sets),
  );
}

const sets = ({ onForbidden, onEmpty }: FieldRule): boolean =>
  onForbidden === "requester" || onEmpty === "requester" || typeof onEmpty === "object";

/** The spec of a MutatingAdmissionPolicy without its constraints: it sets fields as mutate does. */
export function mutatingSpec(policy: Policy, target: Target): Readonly<Record<string, unknown>> {
  const reading = { root: "object", actedOn: false } as const;
  const fields = gatheredFields({ policy, target, fields: settableFields(target), reading });
  return {
    variables: [
      ...requesterVariables({ policy, target }),
      {
        name: "isWhole",
        expression:
          policy.narrowing.length > 0
            ? `!variables.isNarrowed || ${isAllowed("('username\\t' + variables.me)", { kinds: ["username"], permissions: [] })}`
            : "true",
      },
      ...fields.flatMap((field) => [...questionVariables([field]), ...writtenVariables(field)]),
    ],
    mutations: fields.map(({ field, index }) => ({
      patchType: "JSONPatch",
      jsonPatch: {
        expression: `variables.value${index} == '' ? [] : ${patchOf(namesOf(field.path) ?? [], `variables.value${index}`)}`,
      },
    })),
  };
}

/** Variables that hold the value to write, and what it depends on; an empty value leaves the field as it is. */
const writtenVariables = (gathered: GatheredField): readonly Variable[] => {
  const { field, index, target } = gathered;
  const asks = `variables.asks${index}`;
  const isAllAllowed = (items: string): string =>
    `!${items}.contains('\\n!') && ${items}.split('\\n').filter(q, q.contains('\\t')).all(q, ${isAllowed("q", { kinds: kindsOf(target, [field]), permissions: permissionsOf(target) })})`;
  const own = (rule: FieldRule): string =>
    `(${isSafeName("variables.me")} && !(variables.me in ${listOf(neverWritten(target, rule))}) && variables.isWhole ? variables.me : '')`;
  const whenEmpty = (rule: FieldRule): string => {
    if (rule.onEmpty === "requester") return own(rule);
    return typeof rule.onEmpty === "object"
      ? `(variables.mayDefault${index} ? ${celString(rule.onEmpty.default)} : '')`
      : "''";
  };
  const whenForbidden = (rule: FieldRule): string => (rule.onForbidden === "requester" ? own(rule) : "''");
  const defaulted = byRule(gathered, (rule) =>
    typeof rule.onEmpty === "object" ? defaultItems(gathered, rule.onEmpty.default) : "''",
  );
  return [
    { name: `mayStay${index}`, expression: isAllAllowed(asks) },
    ...([field, ...field.whenSet].some(({ onEmpty }) => typeof onEmpty === "object")
      ? [
          { name: `default${index}`, expression: defaulted },
          { name: `mayDefault${index}`, expression: isAllAllowed(`variables.default${index}`) },
        ]
      : []),
    {
      name: `value${index}`,
      expression:
        `${asks} == ${faultItem("empty")} ? ${byRule(gathered, whenEmpty)}` +
        ` : ${asks}.contains('\\n!') || variables.mayStay${index} ? '' : ${byRule(gathered, whenForbidden)}`,
    },
  ];
};

/** Rule `privileged`: usernames that are never written into the field. */
const neverWritten = ({ onPrivilegedRequester }: Target, { privileged }: FieldRule): readonly string[] => [
  ...new Set([...Object.keys(privileged), ...(onPrivilegedRequester === "deny" ? Object.values(privileged) : [])]),
];

/** Adds the field where its parent exists, otherwise the parent with the field in it, and so on upwards. */
const patchOf = (segments: readonly string[], value: string): string =>
  segments
    .map((_, index) => {
      const nested = segments.slice(index + 1).reduceRight((inner, key) => `{${celString(key)}: ${inner}}`, value);
      const operation = `[JSONPatch{op: 'add', path: ${celString(pointerOf(segments.slice(0, index + 1)))}, value: ${nested}}]`;
      const parent = accessTo("object", segments.slice(0, index));
      return index === 0 ? operation : `${parent.there} && type(${parent.value}) == map ? ${operation} : `;
    })
    .reverse()
    .join("");

import { created, denied, header, said } from "../expected.ts";
import type { Expected, Row } from "../row.ts";

/*
 * What of a webhook's audit annotations stands in the audit log (`checkKeyFormat` of k8s.io/apiserver pkg/admission/attributes.go): the key
 * behind the webhook's name must be a qualified name's, and one that is not is left out, the others kept. A value may be any text.
 */

type Rest = Omit<Row, "class" | "name" | "registration">;

const either = (name: string, rest: Rest): readonly Row[] =>
  (["mutate", "validate"] as const).map((registration) => ({
    class: "audit annotations",
    name,
    registration,
    ...rest,
  }));

const own = { spec: { clusterAuth: { impersonateUser: "bob" } } };
const self = said("self", "requester", "bob", "bob").annotations;

const withMore = (more: Readonly<Record<string, string>>, kept: Readonly<Record<string, string>>): Rest => ({
  request: own,
  altered: ({ response, ...answer }) => ({
    ...answer,
    response: { ...response, auditAnnotations: { ...response.auditAnnotations, ...more } },
  }),
  expected: created("bob", { annotations: { ...self, ...kept } }),
});

const valid = ["k", "key1", "A.b-c_D", "0", "k".repeat(63)];
const invalid = [
  "",
  " ",
  "a b",
  "-a",
  "a-",
  ".a",
  "a.",
  "_a",
  "\u00eb",
  "invalid*key",
  "x/y",
  "answers.example.com/k",
  "k".repeat(64),
];

const values = {
  empty: "",
  "a line break": "a\nb",
  "a bidi override": "\u202e",
  "letters that are not ASCII": "\u00eb\u4e2d\u{1f600}",
  "quotation marks": '"\\',
} as const;

const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`key-${index}`, `value-${index}`]));

const named = (length: number, expected: Expected): Row => ({
  class: "audit annotations",
  name: `ours, of a name of ${length} characters`,
  registration: "mutate",
  request: { spec: { clusterAuth: { impersonateUser: "c".repeat(length) } } },
  expected,
});

const field = "spec.clusterAuth.impersonateUser";
const tooLong = (length: number): Expected => {
  const message = `"${"c".repeat(256)}... (${length} characters)" is longer than 1024 characters`;
  const causes = [{ reason: "FieldValueInvalid", message, field }];
  return denied(
    422,
    {
      reason: "Invalid",
      message: `: ${field}: ${message}`,
      details: { name: "{name}", group: "deploy.razee.io", kind: "MustacheTemplate", causes },
    },
    said("denied", "unsafe-name", `${"c".repeat(1024)}... (${length} characters)`, ""),
  );
};

export const annotationRows: readonly Row[] = [
  ...valid.flatMap((key) => either(`the key ${JSON.stringify(key)}`, withMore({ [key]: "value" }, { [key]: "value" }))),
  ...invalid.flatMap((key) => either(`no key: ${JSON.stringify(key)}`, withMore({ [key]: "value" }, {}))),
  ...Object.entries(values).flatMap(([name, value]) =>
    either(`a value: ${name}`, withMore({ key: value }, { key: value })),
  ),
  ...either("200 keys", withMore(many, many)),
  ...either("none", {
    request: own,
    altered: ({ response, ...answer }) => ({ ...answer, response: { ...response, auditAnnotations: null } }),
    expected: created("bob"),
  }),
  named(
    1_024,
    created("bob", {
      ...said("replaced", "forbidden", "c".repeat(1_024), "bob"),
      warnings: [
        header(
          `${field}: \\"${"c".repeat(256)}... (1024 characters)\\" replaced by \\"bob\\", who may not impersonate it`,
        ),
      ],
      mutated: true,
    }),
  ),
  ...[1_025, 1_000_000].map((length) => named(length, tooLong(length))),
];

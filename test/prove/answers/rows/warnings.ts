import { created, denied, header, said } from "../expected.ts";
import type { Expected, Row } from "../row.ts";

/*
 * What a client receives of a webhook's warnings (k8s.io/apiserver pkg/endpoints/filters/warning.go, `NewWarningHeader` of
 * k8s.io/apimachinery pkg/util/net): every text once, 4096 characters in all; where there are more, each is cut to 256, and the rest is
 * dropped as soon as they are 4096 again. A text with a control character vanishes.
 */

type Rest = Omit<Row, "class" | "name" | "registration">;

const row = (name: string, rest: Rest): Row => ({ class: "warnings", name, registration: "mutate", ...rest });

const before = 'spec.clusterAuth.impersonateUser: "';
const behind = '" replaced by "bob", who may not impersonate it';
const replaced = (declared: string) => ({ ...said("replaced", "forbidden", declared, "bob"), mutated: true });

const replacedBy = (shown: string, who: string): string =>
  header(`spec.clusterAuth.impersonateUser: \\"${shown}\\" replaced by \\"${who}\\", who may not impersonate it`);

/** The warning of a replaced identity whose name makes it this long. */
const ofLength = (length: number): Row => {
  const declared = "c".repeat(length - before.length - behind.length);
  return row(`ours of ${length} characters`, {
    request: { spec: { clusterAuth: { impersonateUser: declared } } },
    expected: created("bob", { ...replaced(declared), warnings: [replacedBy(declared, "bob")] }),
  });
};

/** The longest valid name, and the shown part of it. */
const longest = "c".repeat(1024);
const shownOfLongest = `${"c".repeat(256)}... (1024 characters)`;

/** Warnings that no decision leads to, through our writer. */
const written = (name: string, warnings: readonly string[], shown: readonly string[]): Row =>
  row(`written by us: ${name}`, {
    decided: { outcome: (outcome) => ({ ...outcome, warnings }) },
    expected: created("bob", { ...replaced("carl"), warnings: shown }),
  });

/** Warnings in place of ours, which our writer has not seen. */
const raw = (name: string, warnings: readonly string[] | null, shown: readonly string[]): Row =>
  row(`not written by us: ${name}`, {
    altered: ({ response, ...answer }) => ({ ...answer, response: { ...response, warnings } }),
    expected: created("bob", { ...replaced("carl"), warnings: shown }),
  });

/** The same text through our writer, and past it. */
const odd = (name: string, text: string, ours: string, theirs: readonly string[]): readonly Row[] => [
  written(name, [`a${text}b`, "c"], [header(`a${ours}b`), header("c")]),
  raw(name, [`a${text}b`, "c"], [...theirs, header("c")]),
];
const shown = (text: string): readonly string[] => [header(`a${text}b`)];
const vanished: readonly string[] = [];

const texts = (count: number, length: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String(index).padEnd(length, "x"));

const letters = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => String.fromCodePoint(0x4e00 + index));

/** In audit mode a name that cannot be written is told of, in the words of its refusal. */
const audited = (name: string, declared: string, printed: string): Row => {
  const escaped = printed.replaceAll("\\", "\\\\");
  return row(`in audit mode, ${name} in a name`, {
    request: { spec: { clusterAuth: { impersonateUser: declared } } },
    decided: { policy: { enforcement: "audit" } },
    expected: created(declared, {
      ...said("denied", "unsafe-name", printed, "", { enforcement: "audit" }),
      warnings: [
        header(
          `audit (not enforced): spec.clusterAuth.impersonateUser: \\"${escaped}\\" is not printable ASCII without spaces at its ends and would not survive an HTTP header`,
        ),
      ],
    }),
  });
};

const refused: Expected = denied(
  403,
  {
    reason: "Forbidden",
    message:
      ': spec.clusterAuth.impersonateUser: bob may not impersonate "carl"; get the permission to impersonate users/carl',
  },
  { ...said("denied", "forbidden", "carl", ""), warnings: [header("beside a denial")] },
);

export const warningRows: readonly Row[] = [
  ofLength(120),
  ofLength(256),
  ofLength(257),
  row("ours about the longest name", {
    request: { spec: { clusterAuth: { impersonateUser: longest } } },
    expected: created("bob", { ...replaced(longest), warnings: [replacedBy(shownOfLongest, "bob")] }),
  }),
  row("ours about the longest name, and the one about groups", {
    request: { who: "gina", spec: { clusterAuth: { impersonateUser: longest } } },
    expected: created("gina", {
      annotations: {
        decision: "replaced",
        reason: "forbidden",
        requester: "gina",
        declared: longest,
        effective: "gina",
      },
      mutated: true,
      warnings: [
        replacedBy(shownOfLongest, "gina"),
        header('spec.clusterAuth.impersonateUser: a controller that acts as \\"gina\\" has none of your groups'),
      ],
    }),
  }),
  raw("one of 4096", ["x".repeat(4096)], [header("x".repeat(4096))]),
  raw("one of 4097", ["x".repeat(4097)], [header("x".repeat(256))]),
  raw("16 of 256", texts(16, 256), texts(16, 256).map(header)),
  raw("16 of 256, and one of 1", [...texts(16, 256), "y"], [...texts(16, 256), "y"].map(header)),
  raw("16 of 256, and two of 1", [...texts(16, 256), "y", "z"], [...texts(16, 256), "y"].map(header)),
  raw("two of 4096 together", ["x".repeat(4095), "y"], [header("x".repeat(4095)), header("y")]),
  raw("two of 4097 together", ["x".repeat(4096), "y"], [header("x".repeat(256)), header("y")]),
  raw("three of 2000", texts(3, 2000), texts(3, 256).map(header)),
  raw("30 of 200", texts(30, 200), texts(21, 200).map(header)),
  raw("4096 of 1", letters(4096), letters(4096).map(header)),
  raw("4096 of four bytes each", ["\u{1f600}".repeat(4096)], [header("\u{1f600}".repeat(4096))]),
  raw("4097 of four bytes each", ["\u{1f600}".repeat(4097)], [header("\u{1f600}".repeat(256))]),
  written("one of 1024", ["x".repeat(1024)], [header("x".repeat(1024))]),
  written("one of 1025", ["x".repeat(1025)], [header(`${"x".repeat(1024)}... (1025 characters)`)]),
  written("16 of 256", texts(16, 256), texts(16, 256).map(header)),
  written("17 of 200", texts(17, 200), [...texts(16, 200), "and 1 more"].map(header)),
  written("4096 of 1", letters(4096), [...letters(16), "and 4080 more"].map(header)),
  written("the same twice", ["x", "x"], [header("x")]),
  written("one without a text", ["", "x"], [header("x")]),
  written("none", [], []),
  raw("null", null, []),
  ...odd("a quotation mark and a backslash", '"\\', '\\"\\\\', shown('\\"\\\\')),
  ...odd(
    "letters that are not ASCII",
    "\u00eb\u4e2d\u{1f600}",
    "\u00eb\u4e2d\u{1f600}",
    shown("\u00eb\u4e2d\u{1f600}"),
  ),
  ...odd("HTML", "<b>&", "<b>&", shown("<b>&")),
  ...odd("a tab", "\t", "\\\\u0009", vanished),
  ...odd("a line feed", "\n", "\\\\u000a", vanished),
  ...odd("a carriage return", "\r", "\\\\u000d", vanished),
  ...odd("NUL", "\u0000", "\\\\u0000", vanished),
  ...odd("ESC", "\u001b", "\\\\u001b", vanished),
  ...odd("DEL", "\u007f", "\\\\u007f", vanished),
  ...odd("NEL, a control character beyond ASCII", "\u0085", "\\\\u0085", vanished),
  ...odd("CSI, which some terminals obey", "\u009b", "\\\\u009b", vanished),
  ...odd("a line separator", "\u2028", "\\\\u2028", shown("\u2028")),
  ...odd("a paragraph separator", "\u2029", "\\\\u2029", shown("\u2029")),
  ...odd("RLO, a bidi override", "\u202e", "\\\\u202e", shown("\u202e")),
  ...odd("RLI, a bidi isolate", "\u2067", "\\\\u2067", shown("\u2067")),
  ...odd("RLM, a bidi mark", "\u200f", "\\\\u200f", shown("\u200f")),
  ...odd("a byte order mark", "\ufeff", "\\\\ufeff", shown("\ufeff")),
  ...odd("a zero-width space", "\u200b", "\\\\u200b", shown("\u200b")),
  ...odd("a tag character", "\u{e0001}", "\\\\udb40\\\\udc01", shown("\u{e0001}")),
  // Go's decoder has put U+FFFD there.
  ...odd("half of a surrogate pair", "\ud83d", "\\\\ud83d", shown("\ufffd")),
  audited("a letter of two bytes", "zo\u00eb", "zo\u00eb"),
  audited("a letter of three bytes", "\u4e2d", "\u4e2d"),
  audited("a letter of four bytes", "\u{1f600}", "\u{1f600}"),
  audited("a line break", "bob\n", "bob\\u000a"),
  audited("a bidi override", "bob\u202e", "bob\\u202e"),
  audited("a terminal's sequence", "\u001b[2Jbob", "\\u001b[2Jbob"),
  row("beside a denial", {
    decided: {
      policy: { targets: [{ preset: "razee", onForbidden: "deny" }] },
      outcome: (outcome) => ({ ...outcome, warnings: ["beside a denial"] }),
    },
    expected: refused,
  }),
];

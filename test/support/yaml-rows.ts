/** A value in YAML, and the value that kubectl reads; undefined where kubectl refuses it. */
export type ValueRow = readonly [name: string, yaml: string, value: unknown];

/** Texts under a key, and the values that kubectl reads. */
export const values: readonly ValueRow[] = [
  ["words that mean yes", "[yes, Yes, YES, y, Y, on, On, ON, true, True, TRUE]", Array(11).fill(true)],
  ["words that mean no", "[no, No, NO, n, N, off, Off, OFF, false, False, FALSE]", Array(11).fill(false)],
  ["words that mean nothing", "[~, null, Null, NULL, ]", [null, null, null, null]],
  ["words in another case", "[yEs, nO, tRUE, nUll, oN]", ["yEs", "nO", "tRUE", "nUll", "oN"]],
  ["words in quotes", `['yes', "no", '~']`, ["yes", "no", "~"]],
  ["numbers of other bases", "[010, 0o10, 0x1F, 0b101, -0x1f, -010, 0B11, 0O7]", [8, 8, 31, 5, -31, -8, 3, 7]],
  ["what only looks like them", "[08, 0o8, 0b2, 0x, 0xg]", [8, "0o8", "0b2", "0x", "0xg"]],
  ["underscores in numbers", "[1_000, 1__0, 1_, 0_7, _1, 1_0.5]", [1000, 10, 1, 7, "_1", 10.5]],
  ["numbers of base 60", "[1:30, 190:20:30]", ["1:30", "190:20:30"]],
  ["floats", "[1.5, .5, 5., 1e3, 1E+2, -.5, +.5, 1e400]", [1.5, 0.5, 5, 1000, 100, -0.5, 0.5, "1e400"]],
  ["texts that look like numbers", "[+, -x, ., .., 1.2.3, 1e, .e3]", ["+", "-x", ".", "..", "1.2.3", "1e", ".e3"]],
  ["days and times", "[2001-12-14, '2001-12-14t21:59:43Z']", ["2001-12-14", "2001-12-14t21:59:43Z"]],
  ["an infinite number", ".inf", undefined],
  ["no number at all", ".nan", undefined],
  ["tags", "[!!str 5, !!int '5', !!float 5, !!bool yes, !!null '', ! 5]", ["5", 5, 5, true, null, "5"]],
  ["tags of its own", "[!name 5, !name yes]", ["5", "yes"]],
  ["binary data", "!!binary aGVsbG8=", "hello"],
  ["binary data that is not base64", "!!binary '%'", undefined],
  ["a tag that does not fit", "!!int text", undefined],
  ["a float that is tagged a whole number", "!!int 5.0", undefined],
  ["a merge key before another", "{a: &x {p: 1, q: 2}, b: {<<: *x, q: 3}}", { a: { p: 1, q: 2 }, b: { p: 1, q: 3 } }],
  [
    "a merge key behind another, which it replaces",
    "{a: &x {p: 1, q: 2}, b: {q: 3, <<: *x}}",
    { a: { p: 1, q: 2 }, b: { p: 1, q: 2 } },
  ],
  [
    "several merged, of which the first counts",
    "{a: &x {p: 1}, b: &y {p: 2, q: 2}, c: {<<: [*x, *y]}}",
    { a: { p: 1 }, b: { p: 2, q: 2 }, c: { p: 1, q: 2 } },
  ],
  ["a merge key in quotes", "{'<<': 5}", { "<<": 5 }],
  ["a merge of no mapping", "{<<: 5}", undefined],
  ["two members of one name", "{a: 1, a: 2}", { a: 2 }],
  ["keys that are no texts", "{1: a, yes: b, 010: c}", { 1: "a", true: "b", 8: "c" }],
  ["a key that is nothing", "{~: x}", undefined],
  ["a key that is a list", "{[a]: x}", undefined],
  [
    "an alias that comes 120 times",
    `{a: &x [''], b: [${Array(120).fill("*x").join(", ")}]}`,
    { a: [""], b: Array(120).fill([""]) },
  ],
  ["an alias of nothing", "*x", undefined],
  ["an anchor that holds itself", "&x [*x]", undefined],
  ["an anchor that stands twice", "[&x 1, *x, &x 2, *x]", [1, 1, 2, 2]],
  [
    "aliases of aliases, a bomb",
    `{a: &a [x, x, x, x, x, x, x, x, x], ${[..."bcdefgh"].map((key, at) => `${key}: &${key} [${Array(9).fill(`*${"abcdefg"[at]}`).join(", ")}]`).join(", ")}}`,
    undefined,
  ],
  [
    "members that objects inherit",
    "{__proto__: {a: 1}, constructor: 2}",
    JSON.parse('{"__proto__":{"a":1},"constructor":2}'),
  ],
  ["a bracket that closes where its key begins", "\n  a: [\n    1,\n  ]\n  b: 2", { a: [1], b: 2 }],
  ["a brace that closes there", "\n  - {\n    a: 1\n  }", [{ a: 1 }]],
  [
    "texts over several lines",
    "\n  a: 'x\n    y'\n  b: x\n    y\n  c: >-\n    x\n    y\n  d: |\n    x\n    y\n",
    { a: "x y", b: "x y", c: "x y", d: "x\ny\n" },
  ],
  ["a tab that indents", "\n\ta: 1", undefined],
  ["a list that does not end", "[a, b", undefined],
];

/** A whole file, and the names of the objects that kubectl reads; undefined where kubectl refuses it. */
export type FileRow = readonly [name: string, content: string | Uint8Array, names: readonly string[] | undefined];

const object = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n`;
const json = (name: string): string => JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
const utf16 = (text: string, swap: boolean): Uint8Array => {
  const bytes = Buffer.from(`\uFEFF${text}`, "utf16le");
  return swap ? bytes.swap16() : bytes;
};

export const files: readonly FileRow[] = [
  ["one document", object("a"), ["a"]],
  ["several documents", `${object("a")}---\n${object("b")}`, ["a", "b"]],
  ["dashes before and behind", `---\n${object("a")}---\n`, ["a"]],
  ["dashes with a comment", `${object("a")}--- # next\n${object("b")}`, ["a", "b"]],
  ["dashes with text", `${object("a")}--- text\n${object("b")}`, undefined],
  ["documents that hold nothing", `# only\n---\n---\n${object("a")}---\nnull\n`, ["a"]],
  ["a document that ends", `${object("a")}...\n---\n${object("b")}`, ["a", "b"]],
  ["JSON", json("a"), ["a"]],
  ["JSON objects one behind the other", `${json("a")}${json("b")}\n${json("c")}`, ["a", "b", "c"]],
  ["JSON before YAML", `${json("a")}\n---\n${object("b")}`, ["a", "b"]],
  ["a flow mapping that is not JSON", "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}", ["a"]],
  ["line ends of Windows", `${object("a")}---\n${object("b")}`.replaceAll("\n", "\r\n"), ["a", "b"]],
  ["a byte order mark", `\uFEFF${object("a")}`, ["a"]],
  ["UTF-16, little end first", utf16(object("a"), false), ["a"]],
  ["UTF-16, big end first", utf16(object("a"), true), ["a"]],
  ["YAML 1.1 by name", `%YAML 1.1\n---\n${object("a")}`, undefined],
];

import { describe, expect, test } from "vitest";
import { readDocument, readDocuments, textOf } from "../../../../functions/yaml/documents.ts";
import { isObject } from "../../../../lib/meta/json.ts";
import { files, values } from "../../../support/yaml-rows.ts";

describe("a value is read as kubectl reads it", () => {
  test.each(values)("%s", (_, yaml, value) => {
    const text = `value: ${yaml}`;
    if (value === undefined) expect(() => readDocument(text)).toThrow(/^is not valid YAML: /);
    else expect(readDocument(text)).toEqual({ value });
  });
});

describe("the documents of a file are those that kubectl finds", () => {
  test.each(files)("%s", (_, content, names) => {
    const read = () => readDocuments(textOf(typeof content === "string" ? Buffer.from(content) : content));
    if (names === undefined) return expect(read).toThrow(/^is not valid YAML: /);
    const metadata = read().map((document) => isObject(document) && document["metadata"]);
    return expect(metadata).toEqual(names.map((name) => ({ name })));
  });

  test("and is text", () => {
    expect(() => textOf(new Uint8Array([0x61, 0xff]))).toThrow(/^is not UTF-8 text$/);
    expect(() => textOf(new Uint8Array([0xff, 0xfe, 0x61]))).toThrow(/^is not UTF-16LE text$/);
  });
});

describe("a key that is there twice", () => {
  test.each<readonly [string, string]>([
    ["in YAML", "a: 1\nb: 2\na: 1\n"],
    ["in JSON", '{\n\t"a": 1,\n\t"a": 2\n}'],
    ["deeper", "list:\n- {a: 1, b: 2, a: 3}\n"],
    ["under two names of one value", "1: a\n0x1: b\n"],
  ])("%s", (_what, text) => {
    expect(() => readDocument(text, { unique: true })).toThrow(
      new Error("is not valid YAML: a mapping with one key twice"),
    );
    expect(readDocument(text)).toBeDefined();
  });

  test("is not one that replaces a merged one, or stands in another mapping", () => {
    const text = "base: &base {a: 1}\nother: {<<: *base, a: 2}\nlist: [{a: 1}, {a: 2}]\n";
    expect(readDocument(text, { unique: true })).toEqual({
      base: { a: 1 },
      other: { a: 2 },
      list: [{ a: 1 }, { a: 2 }],
    });
    expect(readDocument('{"a": "\\u00e4\\ud83d\\ude00"}', { unique: true })).toEqual({ a: "ä\u{1f600}" });
  });
});

describe("where one document is expected", () => {
  test("an empty text is undefined", () => {
    for (const text of ["", "---\n", "# only\n", "null"]) expect(readDocument(text)).toBeUndefined();
  });

  test("several documents are refused, not dropped", () => {
    for (const text of ["a: 1\n---\nb: 2\n", '{"a":1}{"b":2}', '{"a":1}\n---\nb: 2'])
      expect(() => readDocument(text)).toThrow("holds 2 documents and must hold one");
    expect(() => readDocument("a: 1\n...\nb: 2\n")).toThrow("a document follows the end of another");
  });

  test("a second document that client-go would drop is refused too", () => {
    for (const text of ["  a: 1\n b: 2\n", "{a: 1} b"])
      expect(() => readDocument(text)).toThrow(/^is not valid YAML: /);
  });
});

test("a message names the line and quotes nothing", () => {
  const secret = "S3cr3t-T0ken";
  const texts = [
    `a: *${secret}`,
    `a: !${secret}!x y`,
    `a: !<${secret}\n`,
    `%${secret} x\n---\na: 1`,
    `%TAG !${secret}! x\n---\na: 1`,
    `a: ${secret}: b`,
    `a: [${secret}`,
    `a: "${secret}`,
    `a: "\\q${secret}"`,
    `a: @${secret}`,
    `a: !!int ${secret}`,
    `a: !!binary ${secret}`,
    `? [${secret}]\n: a`,
    `{"a": "${secret}"`,
    `--- ${secret}`,
    `a:\n\t- ${secret}`,
  ];
  for (const text of texts)
    try {
      readDocuments(text);
      expect.unreachable(text);
    } catch (error) {
      expect(String(error)).toMatch(/^Error: is not valid YAML: /);
      expect(String(error)).not.toMatch(/S3cr3t|T0ken/);
    }
});

import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

const lib = fileURLToPath(new URL("../../lib/", import.meta.url));
const files = readdirSync(lib, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".ts"))
  .sort();
const textOf = (file: string): string => readFileSync(`${lib}${file}`, "utf8");
/** Comments and texts name what they like. */
const codeOf = (file: string): string =>
  textOf(file)
    .replace(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, "")
    .replace(/"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g, '""');

/** What each room may import: other rooms, and packages. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  meta: [],
  identity: ["meta"],
  question: ["meta", "identity"],
  presets: [],
  policy: ["meta", "identity", "presets", "valibot"],
  decision: ["meta", "identity", "question", "policy"],
  review: ["meta", "identity", "decision"],
  rbac: ["meta", "identity", "question"],
  manifests: ["meta", "identity", "policy"],
  ".": ["meta", "identity", "question", "policy", "decision", "review"],
};
const roomOf = (file: string): string => (file.includes("/") ? (file.split("/")[0] ?? "") : ".");

const specifiersOf = (file: string): readonly string[] =>
  [...textOf(file).matchAll(/^(?:import|export)\b[^;]*?\bfrom\s+"([^"]+)"|^import\s+"([^"]+)"/gm)].map(
    ([, from, bare]) => from ?? bare ?? "",
  );

test("there is a library to look at", () => {
  expect(files.length).toBeGreaterThan(30);
  expect([...new Set(files.map(roomOf))].sort()).toEqual(Object.keys(rooms).sort());
});

describe.each(files)("%s", (file) => {
  test("imports what its room may", () => {
    for (const specifier of specifiersOf(file)) {
      const target = specifier.startsWith(".") ? roomOf(posix.join(posix.dirname(file), specifier)) : specifier;
      expect([roomOf(file), ...(rooms[roomOf(file)] ?? [])], specifier).toContain(target);
      if (specifier.startsWith(".")) expect(files, specifier).toContain(posix.join(posix.dirname(file), specifier));
    }
  });

  test("imports in no other way", () => {
    expect(codeOf(file)).not.toMatch(/\bimport\s*\(|\bimport\.meta\b|\brequire\b/);
  });

  test("does no I/O, has no clock, no chance and no environment", () => {
    const impure =
      /\b(process|globalThis|window|self|Buffer|console|fetch|XMLHttpRequest|WebSocket|performance|Date|Intl|crypto|setTimeout|setInterval|setImmediate|queueMicrotask|navigator|localStorage|eval|Function|WebAssembly|Worker|Atomics|SharedArrayBuffer)\b(?!["':])|\bMath\.random\b|\bnode:|\basync\b|\bawait\b|\bPromise\b/;
    expect(codeOf(file).match(impure)?.[0]).toBeUndefined();
  });

  test("declares nothing but what stays as it is", () => {
    expect(codeOf(file)).not.toMatch(/^(?:export )?(?:let|var)\b/m);
  });
});

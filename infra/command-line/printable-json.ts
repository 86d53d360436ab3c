import { printable } from "../../lib/meta/index.ts";

/** Indented JSON without characters that a terminal obeys: names may hold them, and escaped they are the same JSON. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value, null, 2).split("\n").map(printable).join("\n");
}

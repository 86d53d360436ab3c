import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Schema } from "./schema.ts";

const open: Schema = { "x-kubernetes-preserve-unknown-fields": true };
const scalars: Readonly<Record<string, Schema>> = {
  string: { type: "string" },
  bool: { type: "boolean" },
  ...Object.fromEntries(["byte", "int", "int32", "int64"].map((name) => [name, { type: "integer" }])),
};

/** Types of other packages that hold no name. */
const foreign: Readonly<Record<string, Schema>> = {
  "apis.URL": { type: "string" },
  "corev1.ServiceType": { type: "string" },
  "metav1.LabelSelector": { type: "object" },
  "metav1.TypeMeta": { type: "object" },
};

/**
 * The schema of a Go type, for a CRD that has none: from the JSON tags of the structs in one package. A type of another package may hold
 * everything.
 */
export function schemaOfType(folder: string, name: string): Schema {
  const text = globSync("*.go", { cwd: folder })
    .filter((file) => !file.endsWith("_test.go"))
    .map((file) => readFileSync(join(folder, file), "utf8").replaceAll(/\/\/.*$/gm, ""))
    .join("\n");
  const structs = new Map(
    [...text.matchAll(/^type (\w+) struct \{\n([\s\S]*?)^\}/gm)].map(([, of, body]) => [of, body]),
  );
  const others = new Map([...text.matchAll(/^type (\w+) =? ?([^\s{]+)$/gm)].map(([, of, type]) => [of, type]));

  const schemaOf = (type: string, within: readonly string[]): Schema => {
    if (type.startsWith("*")) return schemaOf(type.slice(1), within);
    if (type.startsWith("[]")) return { type: "array", items: schemaOf(type.slice(2), within) };
    const [, ofMap] = /^map\[\w+\](.+)$/.exec(type) ?? [];
    if (ofMap !== undefined) return { type: "object", additionalProperties: schemaOf(ofMap, within) };
    const known = scalars[type] ?? foreign[type];
    const other = others.get(type);
    if (known) return known;
    if (other !== undefined) return schemaOf(other, within);
    const body = structs.get(type);
    return body === undefined || within.includes(type) ? open : ofStruct(body, [...within, type]);
  };

  const ofStruct = (body: string, within: readonly string[]): Schema => {
    const members = [...body.matchAll(/^\s*(?:\w+\s+)?(\S+)\s+`[^`]*json:"([^",]*)([^"]*)"[^`]*`/gm)].map(
      ([, type = "", key = "", how = ""]) => ({
        key,
        isInline: how.includes("inline"),
        schema: schemaOf(type, within),
      }),
    );
    const inline = members.filter(({ isInline }) => isInline).map(({ schema }) => schema);
    const own = members.filter(({ key }) => key !== "" && key !== "-").map(({ key, schema }) => [key, schema]);
    return {
      type: "object",
      properties: Object.assign({}, ...inline.map(({ properties }) => properties), Object.fromEntries(own)),
      ...(inline.some((schema) => schema === open) && open),
    };
  };

  if (!structs.has(name)) throw new Error(`${folder} has no struct ${name}`);
  return schemaOf(name, []);
}

import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Path } from "../../lib/policy/path.ts";
import { objectsIn } from "../cluster/discovery.ts";

/** The schema of one version of a CustomResourceDefinition; empty where it is not known. */
export function schemaOf(definition: JsonObject | undefined, version: string): JsonObject {
  const spec = isObject(definition?.["spec"]) ? definition["spec"] : {};
  const found = objectsIn(spec["versions"]).find(({ name }) => name === version);
  const schema = isObject(found?.["schema"]) ? found["schema"]["openAPIV3Schema"] : undefined;
  // A definition of the time before v1 may keep what its schema does not describe.
  const keeps = spec["preserveUnknownFields"] === true ? { "x-kubernetes-preserve-unknown-fields": true } : {};
  return isObject(schema) ? { ...schema, ...keeps } : {};
}

/** A minimal value for a structural schema, by its types, enumerations and required members. */
export function sampleOf(schema: JsonObject): unknown {
  if ("default" in schema) return schema["default"];
  if (Array.isArray(schema["enum"])) return schema["enum"][0];
  switch (schema["type"]) {
    case "string":
      return "x".repeat(Math.max(1, Number(schema["minLength"] ?? 1)));
    case "integer":
    case "number":
      return schema["minimum"] ?? 1;
    case "boolean":
      return false;
    case "array":
      return Number(schema["minItems"] ?? 0) > 0 ? [sampleOf(itemsOf(schema))] : [];
    default:
      if (schema["x-kubernetes-int-or-string"] === true) return 1;
      return Object.fromEntries(requiredOf(schema).map((name) => [name, sampleOf(propertyOf(schema, name))]));
  }
}

/**
 * The same object with a value at the end of a path, and with the required members around it. A path that walks a list or a map gets one item.
 * Without a value, the parents of the field are created only where the path walks a list or a map.
 */
export function withField(object: unknown, schema: JsonObject, path: Path, value: unknown): unknown {
  const [next, ...rest] = path;
  if (next === undefined) return value;
  // There are many places at any depth; the first is as good as another.
  if (next === "deep") return withField(object, schema, rest, value);
  if (next === "each") {
    const { additionalProperties: members } = schema;
    if (isObject(members)) return { x: withField(sampleOf(members), members, rest, value) };
    const items = itemsOf(schema);
    return [withField(sampleOf(items), items, rest, value)];
  }
  const known = isObject(object) ? object : {};
  if (value === undefined && !rest.includes("each")) return known;
  const property = propertyOf(schema, next.key);
  return { ...known, [next.key]: withField(known[next.key] ?? sampleOf(property), property, rest, value) };
}

const requiredOf = ({ required }: JsonObject): readonly string[] =>
  (Array.isArray(required) ? required.map(String) : []).filter(
    (name) => !["apiVersion", "kind", "metadata"].includes(name),
  );

const propertyOf = ({ properties }: JsonObject, name: string): JsonObject => {
  const property = isObject(properties) ? properties[name] : undefined;
  return isObject(property) ? property : {};
};

const itemsOf = ({ items }: JsonObject): JsonObject => (isObject(items) ? items : {});

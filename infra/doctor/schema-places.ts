import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import type { Path, Step } from "../../lib/policy/path.ts";

/** A place in the objects of a structural schema. */
export interface SchemaPlace {
  /** The way to it, without a step to any depth. */
  readonly path: Path;
  /** Undefined where the schema keeps fields that it does not describe. */
  readonly schema: JsonObject | undefined;
}

/** More than a policy means by one path. */
const mostPlaces = 100;

/**
 * The places that a path leads to in the objects of a structural schema (`apiextensions.k8s.io/v1` JSONSchemaProps). None: the API server
 * drops what an object has there.
 */
export function schemaPlacesOf(schema: JsonObject, path: Path): readonly SchemaPlace[] {
  const [first] = path;
  // A CustomResourceDefinition does not describe the metadata of its objects.
  return typeof first === "object" && first.key === "metadata" ? [{ path, schema: undefined }] : walk(schema, path, []);
}

const walk = (schema: JsonObject, path: Path, reached: Path): readonly SchemaPlace[] => {
  const [step, ...rest] = path;
  if (step === undefined) return [{ path: reached, schema }];
  if (step === "deep") return walkDeep(schema, rest, reached);
  const { properties, items, members } = partsOf(schema);
  const parts =
    step === "each"
      ? [...properties.values(), ...items, ...members]
      : properties.has(step.key)
        ? [properties.get(step.key) ?? {}]
        : members;
  if (parts.length > 0) return parts.flatMap((part) => walk(part, rest, [...reached, step]));
  const plain = path.filter((each) => each !== "deep");
  return keepsUnknown(schema) ? [{ path: [...reached, ...plain], schema: undefined }] : [];
};

/** The nearest places first. A map counts only by what is in its members, because any key could be one of its own. */
const walkDeep = (schema: JsonObject, rest: Path, reached: Path): readonly SchemaPlace[] => {
  const [next] = rest;
  const found: SchemaPlace[] = [];
  const waiting: { readonly at: JsonObject; readonly path: Path }[] = [{ at: schema, path: reached }];
  for (let each = waiting.shift(); each !== undefined && found.length < mostPlaces; each = waiting.shift()) {
    const { at, path } = each;
    const { properties, items, members } = partsOf(at);
    if ((typeof next === "object" && properties.has(next.key)) || keepsUnknown(at)) found.push(...walk(at, rest, path));
    const into = (step: Step) => (part: JsonObject) => waiting.push({ at: part, path: [...path, step] });
    for (const [key, part] of properties) into({ key })(part);
    for (const part of [...items, ...members]) into("each")(part);
  }
  return found;
};

/** The parts of a schema: of an object, of a list, of a map. */
const partsOf = ({ properties, items, additionalProperties }: JsonObject) => ({
  properties: new Map(
    Object.entries(isObject(properties) ? properties : {}).filter((entry): entry is [string, JsonObject] =>
      isObject(entry[1]),
    ),
  ),
  items: [items].filter(isObject),
  members: [additionalProperties].filter(isObject),
});

const keepsUnknown = (schema: JsonObject): boolean =>
  schema["x-kubernetes-preserve-unknown-fields"] === true ||
  schema["additionalProperties"] === true ||
  Object.keys(schema).length === 0;

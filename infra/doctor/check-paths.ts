import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { formatPath, type Path } from "../../lib/policy/path.ts";
import { type Field, identityPaths, type Target, targetOf } from "../../lib/policy/policy.ts";
import { resourceName } from "../cluster/resource-name.ts";
import { nearest } from "../command-line/nearest.ts";
import { type CheckResult, fail, ok, warn } from "./check-result.ts";
import { schemaOf } from "./sample-object.ts";
import { type SchemaPlace, schemaPlacesOf } from "./schema-places.ts";
import type { Site } from "./site.ts";

const check = "paths";

/**
 * Checks that the schemas of the policy's resources have the paths of the policy, and that a name can stand there. The API server drops
 * fields that a schema does not have.
 */
export async function checkPaths({ policy, served, definition, whyUnread }: Site): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  const unread = new Map<string, string>();
  const open: string[] = [];
  let found = 0;
  for (const [group, resources] of served)
    for (const [resource, versions] of resources)
      for (const { version } of versions) {
        const target = targetOf(policy, { group, version, resource });
        if (target === undefined) continue;
        const name = resourceName({ group, resource });
        const why = await whyUnread(name);
        const schema = schemaOf(await definition(name), version);
        const { present, missing, mistyped, isOpen } = comparison(schema, target);
        if (why !== undefined) unread.set(name, why);
        else if (isOpen) open.push(`${name} in ${version}`);
        else found += present - mistyped.length;
        results.push(...resultsOf(`${name} in ${version}`, { target, missing, mistyped }));
      }
  const [anyReason] = unread.values();
  if (anyReason !== undefined)
    results.push(
      warn(
        check,
        `not checked: the schema, the conversion and the status of ${listed([...unread.keys()])}: ${anyReason}`,
        "run the doctor as a user who may get customresourcedefinitions",
      ),
    );
  if (found + open.length === 0) return results;
  const keeping = open.length > 0 ? `; no schema says which fields there are in ${listed(open)}` : "";
  return [...results, ok(check, `${found} paths of the policy are in the schemas${keeping}`)];
}

interface Comparison {
  /** How many paths the schema has. */
  readonly present: number;
  /** Paths that the schema does not have, each with a hint. */
  readonly missing: readonly MissingPath[];
  /** Sentences about paths that lead to something that is not a name. */
  readonly mistyped: readonly string[];
  /** Whether the schema describes none of the paths and keeps them all. */
  readonly isOpen: boolean;
}

interface MissingPath {
  readonly path: Path;
  readonly text: string;
}

const comparison = (schema: JsonObject, target: Target): Comparison => {
  const places = new Map<string, readonly SchemaPlace[]>();
  const missing: MissingPath[] = [];
  const paths = pathsOf(target);
  const ofPolicy = new Set(paths.map(({ path }) => formatPath(path)));
  for (const { path, of } of paths) {
    const key = formatPath(path);
    if (places.has(key)) continue;
    const found = schemaPlacesOf(schema, path);
    places.set(key, found);
    const instead = found.length > 0 ? [] : insteadOf(schema, path).filter((other) => !ofPolicy.has(other));
    const notes = [...of, ...(instead.length > 0 ? [`there is ${listed(instead)}`] : [])];
    if (found.length === 0) missing.push({ path, text: `${key}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}` });
  }
  const mistyped = target.fields.flatMap((field) => mistypedAt(field, places.get(formatPath(field.path)) ?? []));
  const isOpen = [...places.values()].every((some) => some.every(({ schema: there }) => there === undefined));
  const present = [...places.values()].filter((some) => some.length > 0).length;
  return { present, missing, mistyped, isOpen: isOpen && missing.length === 0 };
};

/** All paths of a target, each with what it is where it is not the path of a field. */
const pathsOf = ({
  fields,
  statusPaths,
}: Target): readonly { readonly path: Path; readonly of: readonly string[] }[] => [
  ...fields.map(({ path }) => ({ path, of: [] })),
  ...fields.flatMap((field) => [
    ...identityPaths(field)
      .slice(1)
      .map((path) => ({ path, of: [`the namespace of ${formatPath(field.path)}`] })),
    ...field.whenSet.map(({ path }) => ({ path, of: [`in whenSet of ${formatPath(field.path)}`] })),
  ]),
  ...statusPaths.map((path) => ({ path, of: ["in statusPaths"] })),
];

/** The paths that the schema has and that a missing one may mean: one with a like name in place of the first missing one, or the same name elsewhere. */
const insteadOf = (schema: JsonObject, path: Path): readonly string[] => {
  const known = path.findLastIndex((_, index) => schemaPlacesOf(schema, path.slice(0, index)).length > 0);
  const [parent] = schemaPlacesOf(schema, path.slice(0, known));
  const properties = parent?.schema?.["properties"];
  const step = path[known];
  const like =
    typeof step === "object" ? nearest(step.key, Object.keys(isObject(properties) ? properties : {})) : undefined;
  const other = like === undefined ? [] : [...path.slice(0, known), { key: like }, ...path.slice(known + 1)];
  if (like !== undefined && schemaPlacesOf(schema, other).length > 0) return [formatPath(other)];
  const [first, last] = [path[0], path.at(-1)];
  if (first === undefined || last === undefined) return [];
  return schemaPlacesOf(schema, [first, "deep", last]).flatMap((place) =>
    place.schema === undefined ? [] : [formatPath(place.path)],
  );
};

/** A field whose places can hold no name, so that every object that has a value there is refused. */
const mistypedAt = ({ path, names }: Field, places: readonly SchemaPlace[]): readonly string[] => {
  if (names === "anything") return [];
  const types = places.map(({ schema }) => typeOf(schema));
  const holdsName = (type: string): boolean => type === "string" || (names === "group" && type === "array");
  return types.length > 0 && types.every((type) => type !== undefined && !holdsName(type))
    ? [`${formatPath(path)} leads to ${types[0] === "boolean" ? "a" : "an"} ${types[0]}`]
    : [];
};

/** Undefined where the schema leaves the type open. */
const typeOf = (schema: JsonObject | undefined): string | undefined => {
  const { type, "x-kubernetes-preserve-unknown-fields": keeps, "x-kubernetes-int-or-string": either } = schema ?? {};
  return typeof type === "string" && keeps !== true && either !== true ? type : undefined;
};

const resultsOf = (
  where: string,
  { target, missing, mistyped }: Pick<Comparison, "missing" | "mistyped"> & { readonly target: Target },
): readonly CheckResult[] => {
  const isMissing = ({ path }: Field): boolean => missing.some((one) => formatPath(one.path) === formatPath(path));
  const texts = listed(missing.map(({ text }) => text));
  const fix = "correct the paths in the policy for this version, deploy the policy, and apply the new manifests";
  return [
    ...(mistyped.length > 0
      ? [
          fail(
            check,
            `${where}: ${listed(mistyped)}, where the policy expects a name, so every such object is refused`,
            fix,
          ),
        ]
      : []),
    ...(missing.length === 0
      ? []
      : target.fields.every(isMissing)
        ? [
            fail(
              check,
              `${where}: the schema has no field of the policy, so nothing is guarded: it does not have ${texts}`,
              fix,
            ),
          ]
        : [
            warn(
              check,
              `${where}: the schema does not have ${texts}, so the API server drops what an object has there`,
              `${fix}; leave a path as it is if only a newer version of the controller has it`,
            ),
          ]),
  ];
};

/** The first three, and how many more. */
const listed = (texts: readonly string[]): string =>
  texts.slice(0, 3).join(", ") + (texts.length > 3 ? ` and ${texts.length - 3} more` : "");

import { formatPath, type Path } from "../../lib/policy/path.ts";

/** The part of an OpenAPI schema that says which members an object may have. */
export interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema | boolean;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
}

/** A place in the objects of a schema. */
export interface SchemaPlace {
  readonly path: Path;
  /** A name that may be an account's, or a place where the schema allows every member. */
  readonly kind: "account" | "open";
}

/** Keys whose values may name an account: a service account, a user, or whatever runs or executes something. */
const accountKey = /service_?account|impersonat|run_?as|execut(?:e_?as|or$)|act_?as|user_?name|requester|^subject$/i;
const scalars = ["boolean", "integer", "number"];

const isOpen = (schema: Schema): boolean => schema["x-kubernetes-preserve-unknown-fields"] === true;

const partsOf = ({
  properties = {},
  items,
  additionalProperties,
}: Schema): readonly (readonly [Path[number], Schema])[] => [
  ...Object.entries(properties).map(([key, schema]) => [{ key }, schema] as const),
  ...(items ? [["each", items] as const] : []),
  ...(typeof additionalProperties === "object" ? [["each", additionalProperties] as const] : []),
];

/** The places of a schema that may name an account, and those where every member may stand. The metadata is Kubernetes' own. */
export function placesIn(schema: Schema, path: Path = []): readonly SchemaPlace[] {
  return [
    ...(isOpen(schema) ? [{ path, kind: "open" as const }] : []),
    ...partsOf(schema).flatMap(([step, part]): readonly SchemaPlace[] => {
      const at = [...path, step];
      if (formatPath(at) === "metadata") return [];
      const named = typeof step === "object" && accountKey.test(step.key) && !scalars.includes(part.type ?? "");
      return [...(named ? [{ path: at, kind: "account" as const }] : []), ...placesIn(part, at)];
    }),
  ];
}

/** Whether the objects of a schema may have something at a path. */
export function mayHave(schema: Schema, [step, ...rest]: Path): boolean {
  if (step === undefined || isOpen(schema)) return true;
  if (step === "deep") return true;
  return partsOf(schema).some(
    ([other, part]) =>
      (typeof step === "object" && typeof other === "object" ? step.key === other.key : step === other) &&
      mayHave(part, rest),
  );
}

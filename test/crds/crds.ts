import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { loadAll } from "js-yaml";
import type { Source } from "./ecosystems.ts";
import { schemaOfType } from "./go-types.ts";
import type { Schema } from "./schema.ts";
import { fileOfPackage, moduleFolder } from "./sources.ts";

/** A served version of a custom resource. */
export interface ServedVersion {
  /** `PLURAL.GROUP`. */
  readonly resource: string;
  readonly version: string;
  readonly schema: Schema;
  readonly hasStatusSubresource: boolean;
}

interface Definition {
  readonly kind: "CustomResourceDefinition";
  readonly spec: {
    readonly group: string;
    readonly names: { readonly plural: string; readonly kind: string };
    readonly versions: readonly {
      readonly name: string;
      readonly served: boolean;
      readonly schema?: { readonly openAPIV3Schema?: Schema };
      readonly subresources?: { readonly status?: object };
    }[];
  };
}

/** The served versions of the custom resources that a project defines. */
export function servedVersions(source: Source): readonly ServedVersion[] {
  if ("package" in source) return versionsIn([fileOfPackage(source.package, source.crds)]);
  const folder = moduleFolder(source.module);
  const path = join(folder, source.crds);
  const files = statSync(path).isFile() ? [path] : globSync("**/*.yaml", { cwd: path }).map((file) => join(path, file));
  const schemaOfKind = (version: string, kind: string): Schema | undefined =>
    source.types === undefined ? undefined : schemaOfType(join(folder, source.types, version), kind);
  return versionsIn(
    files.map((file) => readFileSync(file, "utf8")),
    schemaOfKind,
  );
}

const versionsIn = (
  files: readonly string[],
  schemaOfKind?: (version: string, kind: string) => Schema | undefined,
): readonly ServedVersion[] =>
  files
    .flatMap((text) => text.split(/^---$/m))
    .filter((text) => text.includes("kind: CustomResourceDefinition"))
    .flatMap((text) => loadAll(withoutTemplates(text)))
    .flatMap(itemsOf)
    .filter((document): document is Definition => document?.kind === "CustomResourceDefinition")
    .flatMap(({ spec: { group, names, versions } }) =>
      versions
        .filter(({ served }) => served)
        .map(({ name, schema, subresources }) => ({
          resource: `${names.plural}.${group}`,
          version: name,
          schema: schemaOfKind?.(name, names.kind) ?? schema?.openAPIV3Schema ?? {},
          hasStatusSubresource: subresources?.status !== undefined,
        })),
    );

/** Some files are templates of Helm or Mustache. */
const withoutTemplates = (text: string): string =>
  text.replaceAll(/^\s*\{\{.*\}\}\s*$/gm, "").replaceAll(/\{\{\{?.*?\}\}\}?/g, "x");

const itemsOf = (document: unknown): readonly ({ readonly kind?: string } | undefined)[] => {
  const { items } = (document ?? {}) as { readonly items?: readonly { readonly kind?: string }[] };
  return items ?? [document as { readonly kind?: string } | undefined];
};

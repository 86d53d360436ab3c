import { build } from "esbuild";

/** The imports of each file at run time, without types; paths are relative to the project's root. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/** The imports of some files and of the files that they import, directly or not. Packages are left out. */
export const readImports = async (root: string, files: readonly string[]): Promise<ImportGraph> => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...files],
    bundle: true,
    packages: "external",
    platform: "node",
    format: "esm",
    metafile: true,
    write: false,
    outdir: ".local/unwritten",
    logLevel: "error",
  });
  return new Map(
    Object.entries(metafile.inputs).map(([file, { imports }]) => [
      file,
      imports.filter(({ external }) => !external).map(({ path }) => path),
    ]),
  );
};

/** A file and all files that it imports, directly or not. */
export const closureOf = (graph: ImportGraph, file: string): ReadonlySet<string> => {
  const found = new Set([file]);
  for (const each of found) for (const imported of graph.get(each) ?? []) found.add(imported);
  return found;
};

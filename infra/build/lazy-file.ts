import type { Plugin } from "esbuild";

/** A source file whose one verb goes to a file beside the bundle. */
export interface LazyFile {
  /** The name of the source file, without its ending. */
  readonly source: string;
  readonly exported: string;
  /** The name of the file beside the bundle. */
  readonly file: string;
}

/**
 * An esbuild plugin for CommonJS: a verb that many cold starts do not need goes to a file of its own, with all that it imports, and is
 * loaded when it is first called.
 */
export function lazyFile({ source, exported, file }: LazyFile): Plugin {
  const namespace = `lazy-${source}`;
  return {
    name: namespace,
    setup: (build) => {
      build.onResolve({ filter: new RegExp(`/${source}\\.ts$`) }, ({ kind }) =>
        kind === "entry-point" ? undefined : { path: file, namespace, sideEffects: false },
      );
      build.onResolve({ filter: /./, namespace }, ({ path }) => ({ path, external: true }));
      build.onLoad({ filter: /./, namespace }, () => ({
        contents: `export const ${exported} = (...given) => require("./${file}").${exported}(...given);`,
      }));
    },
  };
}

import { globSync } from "node:fs";
import { sep } from "node:path";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { closureOf, readImports } from "./import-graph.ts";
import { rooms, tests } from "./rooms.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const sources = globSync("lib/*/**/*.ts", { cwd: root });
const graph = await readImports(root, sources);

/** How many files a room needs, with its own. A room needs more than each that it builds on. */
const filesNeeded = new Map(
  rooms.map((room) => {
    const own = sources.filter((file) => file.split(sep)[1] === room);
    return [room, new Set(own.flatMap((file) => [...closureOf(graph, file)])).size];
  }),
);

/** A mutant meets the tests in the same order in every run: first those of the rooms that others build on. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): string => {
      const [room = "", ...rest] = moduleId.split(`${sep}unit${sep}`).at(-1)?.split(sep) ?? [];
      return [String(filesNeeded.get(room) ?? 0).padStart(6, "0"), room, ...rest].join("/");
    };
    return files.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  }
}

/** What every mutant is tried with: the rooms' unit tests. */
export default defineConfig({
  test: {
    ...tests,
    sequence: { sequencer: InOrder },
    setupFiles: ["test/mutation/seed.ts"],
    testTimeout: 30_000,
  },
});

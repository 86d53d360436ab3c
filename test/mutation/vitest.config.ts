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

/** The number of files that a room imports, directly or not, with its own. It is larger than the number of every room that it imports. */
const filesNeeded = new Map(
  rooms.map((room) => {
    const own = sources.filter((file) => file.split(sep)[1] === room);
    return [room, new Set(own.flatMap((file) => [...closureOf(graph, file)])).size];
  }),
);

/** The tests run in the same order in every run: first those of the rooms that other rooms import. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): string => {
      const [room = "", ...rest] = moduleId.split(`${sep}unit${sep}`).at(-1)?.split(sep) ?? [];
      return [String(filesNeeded.get(room) ?? 0).padStart(6, "0"), room, ...rest].join("/");
    };
    return files.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  }
}

/** The test run for every mutant: the rooms' unit tests. */
export default defineConfig({
  test: {
    ...tests,
    sequence: { sequencer: InOrder },
    setupFiles: ["test/mutation/seed.ts"],
    testTimeout: 30_000,
  },
});

import { sep } from "node:path";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { type Room, rooms } from "./rooms.ts";

/** A mutant meets the tests in the same order in every run: first those of the rooms that others build on. */
class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId }: TestSpecification): string => {
      const [room = "", ...rest] = moduleId.split(`${sep}unit${sep}`).at(-1)?.split(sep) ?? [];
      return [rooms.indexOf(room as Room), ...rest].join("/");
    };
    return files.sort((one, other) => (placeOf(one) < placeOf(other) ? -1 : 1));
  }
}

/** What every mutant is tried with: the rooms' unit tests. */
export default defineConfig({
  test: {
    include: rooms.map((room) => `test/unit/lib/${room}/**/*.test.ts`),
    // Whole random worlds are slow, and a mutant has to fall to a row that a person can read.
    exclude: ["test/unit/lib/*/properties.test.ts"],
    sequence: { sequencer: InOrder },
    setupFiles: ["test/mutation/seed.ts"],
    testTimeout: 30_000,
  },
});

import { readdirSync } from "node:fs";

/** Rooms whose code is not mutated, and why. */
const exempt: Readonly<Record<string, string>> = {
  manifests: "It writes CEL and RBAC as text, which test/cluster and test/prove compare with a real API server.",
};

/** The rooms of the library, each of whose changes a unit test must notice: every folder of `lib/` that is not exempt. */
export const rooms: readonly string[] = readdirSync(new URL("../../lib", import.meta.url), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !Object.hasOwn(exempt, entry.name))
  .map(({ name }) => name)
  .sort();

/** The tests that every mutant is tried with: the rooms' own. */
export const tests = {
  include: rooms.map((room) => `test/unit/lib/${room}/**/*.test.ts`),
  // Whole random worlds are slow, and a mutant has to fall to a row that a person can read.
  exclude: ["test/unit/lib/*/properties.test.ts"],
};

// The workflow makes a job of each.
if (import.meta.main) console.log(JSON.stringify(rooms));

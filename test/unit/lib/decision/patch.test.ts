import { expect, test } from "vitest";
import { patchOf } from "../../../../lib/decision/patch.ts";
import type { Written } from "../../../../lib/decision/verdict.ts";
import type { Segments } from "../../../../lib/policy/path.ts";
import { add, replace } from "./given.ts";

const written = (segments: Segments, missing: number, present = false): Written => ({
  decision: "defaulted",
  reason: "empty",
  sentence: "",
  refusal: "",
  declared: "",
  effective: "alice",
  segments,
  at: "",
  write: { value: "alice", missing, present },
});

test.each([
  ["nothing", [], []],
  ["a field that is there is replaced", [written(["a", "b"], 0, true)], [replace("/a/b", "alice")]],
  ["a field that is not there is added", [written(["a", "b"], 0)], [add("/a/b", "alice")]],
  [
    "its parents are added first",
    [written(["a", "b", "c"], 2)],
    [add("/a", {}), add("/a/b", {}), add("/a/b/c", "alice")],
  ],
  [
    "a parent that two fields lack is added once",
    [written(["a", "b"], 1), written(["a", "c", "d"], 2)],
    [add("/a", {}), add("/a/b", "alice"), add("/a/c", {}), add("/a/c/d", "alice")],
  ],
  [
    "an element of a list is replaced, never added",
    [written(["a", 0, "b"], 1)],
    [replace("/a/0", {}), add("/a/0/b", "alice")],
  ],
  [
    "a key that is a number in a map is a key",
    [written(["a", "0", "b"], 1)],
    [add("/a/0", {}), add("/a/0/b", "alice")],
  ],
  ["/ and ~ are escaped", [written(["a/b", "~1", "c"], 0)], [add("/a~1b/~01/c", "alice")]],
  [
    "__proto__ is a key like any",
    [written(["a", "__proto__", "b"], 1)],
    [add("/a/__proto__", {}), add("/a/__proto__/b", "alice")],
  ],
] as const)("%s", (_, verdicts, operations) => {
  expect(patchOf(verdicts)).toEqual(operations);
});

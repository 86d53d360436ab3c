import { expect, test } from "vitest";
import { editDistance } from "../../../infra/near-names.ts";

test.each([
  ["", "", 0],
  ["", "abc", 3],
  ["kustomization", "kustomizations", 1],
  ["kustomisations", "kustomizations", 1],
  ["helmrelease", "helmreleases", 1],
  ["kitten", "sitting", 3],
  ["ab", "ba", 2],
])("%j and %j are %d letters apart", (one, other, distance) => {
  expect(editDistance(one, other)).toBe(distance);
  expect(editDistance(other, one)).toBe(distance);
});

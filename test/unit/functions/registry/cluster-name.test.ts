import { expect, test } from "vitest";
import { isClusterName } from "../../../../functions/registry/cluster-name.ts";

test.each(["prod", "prod-eu.1_a", "..prod", "...", "-", "n".repeat(63)])("%s can stand in a URL", (name) => {
  expect(isClusterName(name)).toBe(true);
  expect(new URL(`https://guard.example.com/clusters/${name}/KEY`).pathname).toBe(`/clusters/${name}/KEY`);
});

test.each([".", "..", "", "a/b", "a b", "ü", "a%2fb", "n".repeat(64), 7, null])("%j cannot", (name) => {
  expect(isClusterName(name)).toBe(false);
});

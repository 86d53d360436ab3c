import { describe, expect, test } from "vitest";
import { readPolicy } from "../../lib/policy/index.ts";
import { presets } from "../../lib/presets/index.ts";
import { gapsIn, pathsWithoutPlace, resourcesWithoutCrd, withoutStatusWriters } from "./coverage.ts";
import { servedVersions } from "./crds.ts";
import { ecosystems } from "./ecosystems.ts";

describe.each(Object.keys(presets) as readonly (keyof typeof presets)[])("the preset %s", (preset) => {
  const { sources, options, notCovered, opaque, unread, withoutStatusWriters: expected } = ecosystems[preset];
  const { targets } = readPolicy({ name: preset, targets: [{ preset, ...options }] });
  const all = sources.flatMap(servedVersions);
  const { gaps, unused } = gapsIn(targets, all, [...notCovered, ...opaque]);

  test("guards every place that may name an account, or ecosystems.ts says why not", () => {
    expect(gaps).toEqual([]);
  });

  test("leaves no place alone that is not there", () => {
    expect(unused).toEqual([]);
  });

  test("has only paths that the objects may have", () => {
    expect(pathsWithoutPlace(targets, all)).toEqual([]);
  });

  test("guards resources that are defined", () => {
    expect(resourcesWithoutCrd(targets, all)).toEqual(Object.keys(unread));
  });

  test("names the writers of a status that is stored with the object, or ecosystems.ts says so", () => {
    expect(withoutStatusWriters(targets, all)).toEqual(expected);
  });
});

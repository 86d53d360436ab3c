import { globSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { selectSuites, suites } from "../controllers/suites.ts";

const folder = fileURLToPath(new URL("../controllers", import.meta.url));
const names = suites.map(({ name }) => name);
/** A machine that has all that the suites need. */
const nothingMissing = () => undefined;
const noGo = () => "there is no go";

test("each file of test/controllers is a suite, and each suite a file", () => {
  const files = globSync("*.test.ts", { cwd: folder }).map((file) => basename(file, ".test.ts"));
  expect(names.toSorted()).toEqual(files.toSorted());
});

describe("the selection of suites", () => {
  test("takes Flux's kustomize-controller by default, and says why another one is left out", () => {
    const { runs, leftOut } = selectSuites({ CI: "true" }, nothingMissing);
    expect(runs.map(({ name }) => name)).toContain("flux-kustomize");
    expect(leftOut).toContainEqual({
      name: "flux-helm",
      reason: "building helm-controller takes about four minutes; CONTROLLERS=all runs it",
    });
  });

  test.each([{}, { CI: "true" }, { CONTROLLERS: "all" }, { CONTROLLERS: "flux-helm" }])(
    "loses no suite with %o",
    (environment) => {
      const { runs, leftOut } = selectSuites(environment, nothingMissing);
      expect([...runs, ...leftOut].map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    },
  );

  test("takes those that CONTROLLERS names, and no other", () => {
    const { runs } = selectSuites({ CONTROLLERS: "flux-helm" }, nothingMissing);
    expect(runs.map(({ name }) => name)).toEqual(["flux-helm"]);
    expect(selectSuites({ CONTROLLERS: "all" }, nothingMissing).leftOut).toEqual([]);
  });

  test("refuses a name that no suite has", () => {
    expect(() => selectSuites({ CONTROLLERS: "flux-helm,fluxx" }, nothingMissing)).toThrow(
      `CONTROLLERS names fluxx; it may be "all", or some of ${names.join(", ")}`,
    );
  });

  test.each([{ CI: "true" }, { CONTROLLERS: "flux-kustomize" }])(
    "fails with %o where a suite cannot run",
    (environment) => {
      expect(() => selectSuites(environment, noGo)).toThrow(
        "The controller suite flux-kustomize cannot run: there is no go",
      );
    },
  );

  test("leaves out what cannot run elsewhere, with the reason", () => {
    const { runs, leftOut } = selectSuites({}, noGo);
    expect(runs).toEqual([]);
    expect(leftOut).toContainEqual({ name: "flux-kustomize", reason: "there is no go" });
  });
});

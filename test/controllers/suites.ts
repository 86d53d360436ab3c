import { findSource } from "../cluster/harness/binaries.ts";
import { missingController } from "./world/controller-program.ts";

/** A test file that runs real controllers. */
export interface Suite {
  /** `test/controllers/<name>.test.ts`. */
  readonly name: string;
  /** Folders with a go.mod, each of which builds one controller. */
  readonly controllers: readonly string[];
  /** Why only a command runs it; undefined where CI runs it. */
  readonly leftOut?: string;
}

/** Each suite has a row. */
export const suites: readonly Suite[] = [
  { name: "flux-kustomize", controllers: ["kustomize-controller"] },
  { name: "flux-drift", controllers: ["kustomize-controller"] },
  { name: "flux-kustomize-lockdown", controllers: ["kustomize-controller"] },
  { name: "razee", controllers: [] },
  {
    name: "argo-workflows",
    controllers: ["argo-workflow-controller"],
    leftOut: "building Argo's workflow-controller takes more than two minutes",
  },
  { name: "flux-kustomize-remote", controllers: ["kustomize-controller"] },
  { name: "flux-tenant", controllers: ["kustomize-controller"] },
  { name: "flux-in-tree", controllers: ["kustomize-controller"] },
  { name: "flux-rollout", controllers: ["kustomize-controller"] },
  {
    name: "flux-helm",
    controllers: ["helm-controller"],
    leftOut: "building helm-controller takes about four minutes",
  },
];

/** The suites that run, and those that do not, each with the reason. */
export interface Selection {
  readonly runs: readonly Suite[];
  readonly leftOut: readonly { readonly name: string; readonly reason: string }[];
}

/** Why a suite cannot run on this machine; undefined where it can. */
const obstacleOf = (suite: Suite): string | undefined => {
  const plane = findSource();
  return plane.kind === "none" ? plane.reason : suite.controllers.flatMap((name) => missingController(name) ?? [])[0];
};

/**
 * Selects suites by CONTROLLERS: absent for those of CI, `all`, or names with commas between them. Throws where a name is unknown, and
 * where a suite that has to run cannot: one that CONTROLLERS names, or any with CI=true.
 */
export const selectSuites = (environment: NodeJS.ProcessEnv = process.env, obstacle = obstacleOf): Selection => {
  const names = (environment["CONTROLLERS"] ?? "").split(",").filter(Boolean);
  const known = suites.map(({ name }) => name);
  const unknown = names.filter((name) => name !== "all" && !known.includes(name));
  if (unknown.length > 0)
    throw new Error(`CONTROLLERS names ${unknown.join(", ")}; it may be "all", or some of ${known.join(", ")}`);
  const mustRun = environment["CI"] === "true" || names.length > 0;
  const reasonAgainst = (suite: Suite): string | undefined => {
    const isNamed = names.includes("all") || names.includes(suite.name);
    if (names.length > 0 ? !isNamed : suite.leftOut !== undefined)
      return `${suite.leftOut ?? "CONTROLLERS does not name it"}; CONTROLLERS=all runs it`;
    const reason = obstacle(suite);
    if (reason !== undefined && mustRun) throw new Error(`The controller suite ${suite.name} cannot run: ${reason}`);
    return reason;
  };
  const rows = suites.map((suite) => ({ suite, reason: reasonAgainst(suite) }));
  return {
    runs: rows.flatMap(({ suite, reason }) => (reason === undefined ? [suite] : [])),
    leftOut: rows.flatMap(({ suite: { name }, reason }) => (reason === undefined ? [] : [{ name, reason }])),
  };
};

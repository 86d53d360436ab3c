import { findSource } from "../cluster/harness/binaries.ts";

/** The minors of Kubernetes on which everything is proven; the first is the cluster suite's own. */
export const everyVersion = ["v1.36.3", "v1.35.4", "v1.34.4"] as const;

const asked = process.env["PROVE_VERSIONS"]?.split(",").filter(Boolean);
const [own, ...older] = everyVersion;
/** An API server takes ten minutes to build, which CI spends and a person is spared. */
const isWorthwhile = (version: string): boolean => process.env["CI"] === "true" || findSource(version).kind === "found";

/** Where the tests prove: what `PROVE_VERSIONS` names, separated by commas, else all in CI, and those that are built already elsewhere. */
export const versions: readonly string[] = asked ?? [own, ...older.filter(isWorthwhile)];

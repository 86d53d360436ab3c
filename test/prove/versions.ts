import { everyVersion, findSource } from "../cluster/harness/binaries.ts";

const asked = (process.env["PROVE_VERSIONS"] ?? "").split(",").filter(Boolean);
const isAsked = asked.length > 0;
const [newest] = everyVersion;
const oldest = everyVersion.at(-1);

/**
 * Where the small form of the proof runs in CI: what `PROVE_VERSIONS` names, separated by commas, else the newest version and the oldest.
 * The oldest has no MutatingAdmissionPolicy v1, so its policies refuse what they would set elsewhere.
 */
export const smallForm: readonly string[] = isAsked
  ? asked
  : everyVersion.filter((version) => version === newest || version === oldest);

/** An API server takes ten minutes to build, which CI spends and a person is spared. */
const isWorthwhile = (version: string): boolean =>
  isAsked || version === newest || process.env["CI"] === "true" || findSource(version).kind === "found";

/** Where the tests prove: outside CI the oldest version is left out where it was not built before. */
export const versions: readonly string[] = smallForm.filter(isWorthwhile);

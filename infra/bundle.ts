import { buildFunctions } from "./build.ts";

/** What the bundle of the function exports. */
export type Bundle = typeof import("../functions/admission.ts");

/** Builds the function and loads what would be deployed: every local command runs that, not the sources. */
export const loadBundle = async (): Promise<Bundle> => {
  await buildFunctions();
  const { default: bundle } = await import("../dist/admission.js" as string);
  return bundle as Bundle;
};

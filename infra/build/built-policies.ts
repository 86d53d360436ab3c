import { isDeepStrictEqual } from "node:util";
import type { Plugin } from "esbuild";

/** What the module exports, as text. Policies are plain data: what JSON would lose has no place in one. */
const contents = ({ policies, defaultPolicy }: typeof import("../../functions/policies/index.ts")): string => {
  const text = JSON.stringify([...policies]);
  if (!isDeepStrictEqual(JSON.parse(text), [...policies])) throw new Error("a policy is more than JSON can say");
  return `export const policies = new Map(${text}); export const defaultPolicy = ${JSON.stringify(defaultPolicy)};`;
};

/**
 * An esbuild plugin: policies are read and checked when the function is built, not at every cold start, and what reads and checks them
 * stays out of the bundle. A policy that is wrong ends the build.
 */
export function builtPolicies(): Plugin {
  return {
    name: "built-policies",
    setup: (build) => {
      build.onLoad({ filter: /[\\/]functions[\\/]policies[\\/]index\.ts$/ }, async () => ({
        contents: contents(await import("../../functions/policies/index.ts")),
      }));
    },
  };
}

import { razee } from "./razee.ts";

/** Targets that come with the library, by name: what a policy file could say itself, read and checked in the same way. */
export const presets = { razee } as const;

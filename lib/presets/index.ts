import { razee } from "./razee.ts";

/**
 * Targets that come with the library, by name. Each is plain policy text, as a policy file could say it itself: its file cites the
 * controller's source, and `readPolicy` reads and checks it like any other target.
 *
 * @example
 * readPolicy({ name: "razee", targets: [{ preset: "razee" }] }).targets.length; // 1
 * readPolicy({ name: "razee", targets: [presets.razee("system:serviceaccount:razee:razee-sa")] }).targets.length; // 1
 */
export const presets = { razee } as const;

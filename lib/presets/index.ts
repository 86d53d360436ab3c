import { argoWorkflows } from "./argo-workflows.ts";
import { flux } from "./flux.ts";
import { razee } from "./razee.ts";

export {
  definePreset,
  type OptionValues,
  type Preset,
  type PresetOption,
  type PresetTarget,
  targetsOf,
} from "./preset.ts";

/**
 * Targets that come with the library, by the name of the ecosystem. Each preset is plain policy text, as a policy file could say it itself:
 * its file cites the controllers' source, and `readPolicy` reads and checks it like any other target.
 *
 * @example
 * readPolicy({ name: "gitops", targets: [{ preset: "flux" }] }).targets.length; // 3
 * targetsOf(presets.razee, { controller: "system:serviceaccount:razee:razee-sa" }).length; // 1
 */
export const presets = { "argo-workflows": argoWorkflows, flux, razee } as const;

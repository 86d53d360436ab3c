import { argoCd } from "./argo-cd.ts";
import { argoWorkflows } from "./argo-workflows.ts";
import { externalSecrets } from "./external-secrets.ts";
import { flux } from "./flux.ts";
import { kapp } from "./kapp.ts";
import { knative } from "./knative.ts";
import { ocm } from "./ocm.ts";
import { rancherFleet } from "./rancher-fleet.ts";
import { razee } from "./razee.ts";
import { tekton } from "./tekton.ts";

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
export const presets = {
  "argo-cd": argoCd,
  "argo-workflows": argoWorkflows,
  "external-secrets": externalSecrets,
  fleet: rancherFleet,
  flux,
  kapp,
  knative,
  ocm,
  razee,
  tekton,
} as const;

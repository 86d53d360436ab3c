/** One option of a preset. A policy gives it beside the preset's name. */
export interface PresetOption {
  /** Completes "the option is ...", for the table of presets. */
  readonly text: string;
  /** The values that it takes: a username, a namespace, the name of a service account without its namespace, or one of some words. */
  readonly is: "username" | "namespace" | "service account" | readonly string[];
  /** The value where a policy gives none. Absent: the option then has no effect. */
  readonly default?: string;
}

type Options = Readonly<Record<string, PresetOption>>;

/** A value for each option. */
export type OptionValues<Of extends Options> = {
  readonly [Name in keyof Of]: Of[Name] extends { readonly default: string } ? string : string | undefined;
};

/** The targets of one project, as plain policy text: what a policy file could say itself. */
export interface Preset<Of extends Options = Options> {
  /** The projects, with the version that was read. */
  readonly project: string;
  readonly options: Of;
  // A method, so that presets with other options are presets too.
  targets(values: OptionValues<Of>): readonly PresetTarget[];
}

/** A target as a policy file writes it. `readPolicy` checks the members. */
export interface PresetTarget {
  readonly group: string;
  readonly versions: readonly string[];
  readonly resources: readonly string[];
  readonly fields: readonly (string | { readonly path: string; readonly [member: string]: unknown })[];
  readonly [member: string]: unknown;
}

/** Checks the options of a preset against their use in its targets. */
export function definePreset<const Of extends Options>(preset: Preset<Of>): Preset<Of> {
  return preset;
}

/**
 * The targets of a preset with these options.
 *
 * @example targetsOf(presets.razee, { controller: "system:serviceaccount:razee:razee-sa" }).length // 1
 */
export function targetsOf<Of extends Options>(
  preset: Preset<Of>,
  given: Partial<Readonly<Record<keyof Of, string>>> = {},
): readonly PresetTarget[] {
  const defaults = Object.entries(preset.options).map(([name, option]) => [name, option.default]);
  return preset.targets({ ...Object.fromEntries(defaults), ...given });
}

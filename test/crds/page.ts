import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { admissionPolicies } from "../../lib/manifests/index.ts";
import { type Policy, readPolicy, type Target } from "../../lib/policy/index.ts";
import { formatPath } from "../../lib/policy/path.ts";
import { type PresetOption, presets } from "../../lib/presets/index.ts";
import { ecosystems } from "./ecosystems.ts";

/** The page of presets. */
export const pagePath = fileURLToPath(new URL("../../docs/presets.md", import.meta.url));

const begin = "<!-- Made by `npm run presets-page` from lib/presets and test/crds/ecosystems.ts. -->";
const end = "<!-- The end of the made part. -->";

type PresetName = keyof typeof presets;

const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
const table = (title: readonly string[], rows: readonly (readonly string[])[]): readonly string[] => [
  row(title),
  `|${title.map(() => "---|").join("")}`,
  ...rows.map(row),
];

const mostPaths = 6;

const fieldsOf = ({ fields, statusPaths }: Target, preset: PresetName): string => {
  const paths = [...fields.map(({ path }) => path), ...statusPaths].map(formatPath).map((path) => `\`${path}\``);
  const more = paths.length - mostPaths;
  return more > 1
    ? `${paths.slice(0, mostPaths).join(", ")} and ${more} more, which \`npm run -s manifests -- --policy ${preset} --show-policy\` prints`
    : paths.join(", ");
};

const inTree = (policy: Policy, target: Target): string => {
  try {
    admissionPolicies({ ...policy, targets: [target] });
    return "yes";
  } catch (error) {
    if (error instanceof RangeError) return "no";
    throw error;
  }
};

const targetRow = (preset: PresetName, policy: Policy, target: Target): readonly string[] => [
  target.resources.map((resource) => `\`${resource}\``).join(", "),
  `${target.group} ${target.versions.map((version) => (version === "*" ? "in every version" : version)).join(", ")}`,
  fieldsOf(target, preset),
  inTree(policy, target),
];

const optionRow = ([name, { text, is, default: usual }]: readonly [string, PresetOption]): readonly string[] => [
  `\`${name}\``,
  usual === undefined ? "" : `\`${usual}\``,
  text,
  typeof is === "string" ? `a ${is}` : is.map((word) => `\`${word}\``).join(", "),
];

const proofOf = (preset: PresetName): string => {
  const { ran } = ecosystems[preset];
  return ran.length > 0 ? `${ran.join(" and ")} ran` : "CRDs and source read";
};

const section = (preset: PresetName): readonly string[] => {
  const { project, options } = presets[preset];
  const { empty, limits, notCovered, options: more } = ecosystems[preset];
  const policy = readPolicy({ name: preset, targets: [{ preset, ...more }] });
  const left = notCovered.map(({ what, because }) => `${what}: ${because}`);
  const list = (title: string, items: readonly string[]) =>
    items.length > 0 ? ["", title, "", ...items.map((item) => `- ${item}`)] : [];
  const rows: readonly (readonly [string, PresetOption])[] = Object.entries(options);
  return [
    `### ${preset}`,
    "",
    `${project}. Proof: ${proofOf(preset)}.`,
    "",
    ...table(
      ["resources", "group and versions", "fields", "in-tree"],
      policy.targets.map((target) => targetRow(preset, policy, target)),
    ),
    ...(rows.length > 0 ? ["", ...table(["option", "default", "meaning", "values"], rows.map(optionRow))] : []),
    "",
    `An empty field: ${empty}`,
    ...list("To know before you use it:", limits),
    ...list("Left alone:", left),
    "",
  ];
};

const names = Object.keys(presets) as readonly PresetName[];

/** The part of the page that is made. */
function madePart(): string {
  return [
    begin,
    "",
    ...table(
      ["preset", "projects", "proof"],
      names.map((preset) => [`[\`${preset}\`](#${preset})`, presets[preset].project, proofOf(preset)]),
    ),
    "",
    ...names.flatMap(section),
    end,
  ].join("\n");
}

/** A page with its made part replaced. */
export function withMadePart(page: string): string {
  const [before, rest] = page.split(begin);
  const after = rest?.split(end)[1];
  if (before === undefined || after === undefined)
    throw new Error("docs/presets.md has lost the lines around its made part");
  return before + madePart() + after;
}

if (import.meta.main) writeFileSync(pagePath, withMadePart(readFileSync(pagePath, "utf8")));

import type { FindingKind, ReportFinding } from "./finding.ts";

/** Counts of the report. */
export interface Tally {
  readonly object: () => void;
  readonly add: (finding: Pick<ReportFinding, "finding">) => void;
  /** A field that names an ordinary identity, without a writer to judge it by. */
  readonly unjudged: () => void;
  /** A field manager that the `--writers` file does not know, of one object. */
  readonly unknownManager: (manager: string) => void;
  readonly objects: () => number;
  readonly findings: () => number;
  readonly text: () => string;
}

const meanings: Readonly<Record<Exclude<FindingKind, "named">, string>> = {
  empty: "names no identity; the controller decides whose rights it uses, often its own",
  privileged: "names a value that the controller treats as its own identity",
  forbidden: "a given writer may not impersonate the named identity",
  "unsafe-name": "names a text that cannot be the name of a user or of a service account",
  "not-a-string": "holds a value of another type where a name should stand",
  "parent-not-an-object": "has something else where the object around the field should stand",
  "letter-case": "has a member whose name differs from a guarded one only in letter case",
  "too-many-identities": "names more identities than one review may ask about",
};

const mostManagers = 1000;

export function tallyOf(): Tally {
  let objects = 0;
  let unjudged = 0;
  const kinds = new Map<FindingKind, number>();
  const managers = new Map<string, number>();
  const findings = (): number => [...kinds].reduce((sum, [kind, count]) => sum + (kind === "named" ? 0 : count), 0);
  const lines = (): readonly string[] => [
    `${counted(objects, "object")} read, ${counted(findings(), "finding")}`,
    ...Object.entries(meanings).flatMap(([kind, meaning]) => {
      const count = kinds.get(kind as FindingKind);
      return count === undefined ? [] : [`  ${String(count).padStart(6)} ${kind}: ${meaning}`];
    }),
    ...(unjudged > 0
      ? [
          `${counted(unjudged, "field")} ${unjudged === 1 ? "names" : "name"} an ordinary identity, and no writer was given to judge it by: an API server does not store who wrote an object. Name the writers with --as-writer or --writers`,
        ]
      : []),
    ...(managers.size > 0
      ? [
          `field managers that the --writers file does not name: ${[...managers].map(([name, count]) => `${name} (${counted(count, "object")})`).join(", ")}`,
        ]
      : []),
  ];
  return {
    object: () => {
      objects += 1;
    },
    add: ({ finding }) => kinds.set(finding, (kinds.get(finding) ?? 0) + 1),
    unjudged: () => {
      unjudged += 1;
    },
    unknownManager: (manager) => {
      if (managers.has(manager) || managers.size < mostManagers)
        managers.set(manager, (managers.get(manager) ?? 0) + 1);
    },
    objects: () => objects,
    findings,
    text: () => `${lines().join("\n")}\n`,
  };
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

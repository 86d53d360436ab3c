import type { FindingKind, ReportFinding } from "./finding.ts";

/** What was seen, in numbers. */
export interface Tally {
  readonly object: () => void;
  readonly add: (finding: Pick<ReportFinding, "finding">) => void;
  /** A field that names an ordinary identity, which nobody was judged by. */
  readonly unjudged: () => void;
  /** A field manager that the `--writers` file does not know, of one object. */
  readonly unknownManager: (manager: string) => void;
  readonly objects: () => number;
  readonly findings: () => number;
  readonly text: () => string;
}

const meanings: Readonly<Record<Exclude<FindingKind, "named">, string>> = {
  empty: "names nobody; the controller decides whose rights it uses, often its own",
  privileged: "names what its controller takes for its own identity",
  forbidden: "somebody by whom it was judged may not impersonate what it names",
  "unsafe-name": "names what cannot be the name of a user or of a service account",
  "not-a-string": "holds a value of another type where a name should stand",
  "parent-not-an-object": "has something else where the object around the field should stand",
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
          `${counted(unjudged, "field")} ${unjudged === 1 ? "names" : "name"} an ordinary identity that nobody was judged by: no API server stores who wrote an object. Say who did with --as-writer or --writers`,
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

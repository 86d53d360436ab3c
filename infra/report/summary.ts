import type { FindingKind, ReportFinding } from "./finding.ts";

/** Counts of the report. */
export interface Tally {
  readonly object: (resource: string) => void;
  readonly add: (finding: Pick<ReportFinding, "finding" | "resource">) => void;
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
  privileged: "holds a value that stands for the controller's own identity",
  "any-account": "holds a value that can name any service account of the namespace; it is not read",
  "other-namespace": "names a service account of another namespace than the object's",
  "in-status": "its status names an identity that the rest of the object does not name, and the controller acts on it",
  forbidden: "a given writer may not impersonate the named identity",
  "unsafe-name": "names a text that cannot be the name of a user or of a service account",
  "not-a-string": "holds a value of another type where a name should stand",
  "parent-not-an-object": "has something else where the object around the field should stand",
  "letter-case": "has a member whose name differs from a guarded one only in letter case",
  "too-many-identities": "names more identities than one review may ask about",
};

const mostManagers = 1000;

export function tallyOf(): Tally {
  let unjudged = 0;
  const resources = new Map<string, { objects: number; findings: number }>();
  const kinds = new Map<FindingKind, number>();
  const managers = new Map<string, number>();
  const ofResource = (name: string) => {
    const known = resources.get(name) ?? { objects: 0, findings: 0 };
    resources.set(name, known);
    return known;
  };
  const objects = (): number => [...resources.values()].reduce((sum, each) => sum + each.objects, 0);
  const findings = (): number => [...resources.values()].reduce((sum, each) => sum + each.findings, 0);
  const lines = (): readonly string[] => [
    `${counted(objects(), "object")} read, ${counted(findings(), "finding")}`,
    ...(resources.size > 1
      ? [...resources].map(
          ([name, each]) => `  ${name}: ${counted(each.objects, "object")}, ${counted(each.findings, "finding")}`,
        )
      : []),
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
    object: (resource) => {
      ofResource(resource).objects += 1;
    },
    add: ({ finding, resource }) => {
      kinds.set(finding, (kinds.get(finding) ?? 0) + 1);
      if (finding !== "named") ofResource(resource).findings += 1;
    },
    unjudged: () => {
      unjudged += 1;
    },
    unknownManager: (manager) => {
      if (managers.has(manager) || managers.size < mostManagers)
        managers.set(manager, (managers.get(manager) ?? 0) + 1);
    },
    objects,
    findings,
    text: () => `${lines().join("\n")}\n`,
  };
}

const counted = (count: number, what: string): string =>
  `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;

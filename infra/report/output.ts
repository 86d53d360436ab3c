import { once } from "node:events";
import { printable } from "../../lib/meta/index.ts";
import { formatPath, namesOf } from "../../lib/policy/path.ts";
import type { Policy } from "../../lib/policy/policy.ts";
import { type Colour, screenOf } from "../command-line/screen.ts";
import { type Cell, tableOn } from "../command-line/table.ts";
import { wrapped } from "../command-line/text-width.ts";
import type { FindingKind, ReportFinding } from "./finding.ts";

/** Where findings go as they come. Waits while the reader of the output is behind, so that nothing piles up. */
export interface Output {
  readonly add: (findings: readonly ReportFinding[]) => Promise<void>;
  readonly end: (summary: string) => Promise<void>;
}

type Stream = NodeJS.WriteStream;

const writerTo = (stream: Stream) => {
  // `report | head`: a reader that stops needs no stack, and has not seen all of it.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(2);
    throw error;
  });
  return async (text: string) => {
    if (text !== "" && !stream.write(text)) await once(stream, "drain");
  };
};

/** One JSON array, a finding a line. It is closed even where nothing was found, and where the command fails in the middle. */
export function jsonOutput(stream: Stream): Output {
  const write = writerTo(stream);
  let separator = "[\n";
  return {
    add: async (findings) => {
      for (const finding of findings) {
        await write(`${separator}${printable(JSON.stringify(finding))}`);
        separator = ",\n";
      }
    },
    end: () => write(separator === "[\n" ? "[]\n" : "\n]\n"),
  };
}

const colours: Readonly<Record<FindingKind, Colour>> = {
  named: "dim",
  empty: "red",
  privileged: "red",
  "any-account": "red",
  "in-status": "red",
  "other-namespace": "yellow",
  forbidden: "yellow",
  "unsafe-name": "yellow",
  "not-a-string": "yellow",
  "parent-not-an-object": "yellow",
  "letter-case": "red",
  "too-many-identities": "yellow",
};

/** Which columns a table has. */
export interface TableColumns {
  /** Whether there are writers whose verdicts are to be shown. */
  readonly judged: boolean;
  /** Whether an object may have several fields. */
  readonly fields: boolean;
  /** Whether the policy refuses edits, so that it matters who may write an object and not keep its field. */
  readonly refuses: boolean;
}

/** The columns of a report by this policy. */
export function columnsFor({ targets }: Policy, judged: boolean): TableColumns {
  const fields = targets.flatMap((target) => target.fields);
  const paths = new Set(fields.map(({ path }) => formatPath(path)));
  return {
    judged,
    fields: paths.size > 1 || fields.some(({ path, names }) => namesOf(path) === undefined || names === "group"),
    refuses:
      !judged && fields.some((field) => [field, ...field.whenSet].some(({ onForbidden }) => onForbidden === "deny")),
  };
}

export function tableOutput(stream: Stream, { judged, fields, refuses }: TableColumns): Output {
  const write = writerTo(stream);
  const screen = screenOf(stream);
  const titles = [
    "NAMESPACE",
    "OBJECT",
    ...(fields ? ["FIELD"] : []),
    "FINDING",
    "NAMES",
    "MANAGERS",
    ...(judged ? ["WOULD BE GIVEN"] : []),
    ...(refuses ? ["MAY NOT KEEP IT"] : []),
    "COULD FIX IT",
  ];
  const table = tableOn(screen, titles, judged || refuses ? 2 : 1);
  const rowOf = (finding: ReportFinding): readonly (Cell | string)[] => [
    finding.namespace,
    `${finding.resource.split(".")[0]}/${finding.name}`,
    ...(fields ? [finding.field] : []),
    { text: finding.finding, colour: colours[finding.finding] },
    identityOf(finding),
    managersOf(finding),
    ...(judged ? [{ text: wouldBeOf(finding) }] : []),
    ...(refuses ? [{ text: finding.mayNotKeep === null ? ["?"] : few(finding.mayNotKeep) }] : []),
    { text: fixersOf(finding) },
  ];
  return {
    add: (findings) => write(table(findings.map(rowOf))),
    end: (summary) => write(wrapped(summary, screen.columns)),
  };
}

/** The named identity; of a field that names none, in parentheses the one that it stands for. */
const identityOf = ({ finding, declared, standsFor }: ReportFinding): string => {
  if (finding === "any-account") return "(any account)";
  return declared === "" && standsFor !== "" ? `(${standsFor})` : declared;
};

/** The managers of the field; without any, in parentheses those of other parts of the object. */
const managersOf = ({ fieldManagers, specManagers }: ReportFinding): string => {
  const names = (managers: ReportFinding["fieldManagers"]) => [...new Set(managers.map(({ manager }) => manager))];
  return fieldManagers.length > 0
    ? few(names(fieldManagers)).join(", ")
    : `(${few(names(specManagers)).join(", ") || "none"})`;
};

const wouldBeOf = ({ wouldBeGiven }: ReportFinding): readonly string[] =>
  wouldBeGiven.map(({ writer, decision, effective }) =>
    decision === "denied" ? `${writer}: denied` : `${writer}: ${effective} (${decision})`,
  );

/** The subjects that may keep the field as it is; where it names no identity, those that may write the object. */
const fixersOf = ({ finding, standsFor, mayImpersonate, mayWrite }: ReportFinding): readonly string[] => {
  const who = impersonated.includes(finding) || standsFor !== "" ? mayImpersonate : mayWrite;
  if (who === null) return ["?"];
  return who.length > 0 ? few(who) : ["only system:masters"];
};

const impersonated: readonly FindingKind[] = [
  "privileged",
  "any-account",
  "other-namespace",
  "in-status",
  "forbidden",
  "named",
];

/** Three names, the last of them with the number of all others. */
const few = (names: readonly string[]): readonly string[] =>
  names.length > 3 ? [...names.slice(0, 2), `${names[2]} and ${names.length - 3} more`] : names;

import { once } from "node:events";
import { printable } from "../../lib/meta/index.ts";
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
  forbidden: "yellow",
  "unsafe-name": "yellow",
  "not-a-string": "yellow",
  "parent-not-an-object": "yellow",
  "letter-case": "red",
  "too-many-identities": "yellow",
};

/** @param judged whether there are writers whose verdicts are to be shown */
export function tableOutput(stream: Stream, { judged, fields }: { judged: boolean; fields: boolean }): Output {
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
    "COULD FIX IT",
  ];
  const table = tableOn(screen, titles, judged ? 2 : 1);
  const rowOf = (finding: ReportFinding): readonly (Cell | string)[] => [
    finding.namespace,
    `${finding.resource.split(".")[0]}/${finding.name}`,
    ...(fields ? [finding.field] : []),
    { text: finding.finding, colour: colours[finding.finding] },
    finding.declared,
    managersOf(finding),
    ...(judged ? [{ text: wouldBeOf(finding) }] : []),
    { text: fixersOf(finding) },
  ];
  return {
    add: (findings) => write(table(findings.map(rowOf))),
    end: (summary) => write(wrapped(summary, screen.columns)),
  };
}

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

/** The subjects that may name this identity; without one, those that may write the object. */
const fixersOf = ({ finding, mayImpersonate, mayWrite }: ReportFinding): readonly string[] => {
  const who = finding === "privileged" || finding === "forbidden" || finding === "named" ? mayImpersonate : mayWrite;
  if (who === null) return ["?"];
  return who.length > 0 ? few(who) : ["only system:masters"];
};

/** Three names, the last of them with the number of all others. */
const few = (names: readonly string[]): readonly string[] =>
  names.length > 3 ? [...names.slice(0, 2), `${names[2]} and ${names.length - 3} more`] : names;

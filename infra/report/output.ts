import { once } from "node:events";
import { styleText } from "node:util";
import { printable } from "../../lib/meta/index.ts";
import { columnsOf } from "../command-line/columns.ts";
import type { FindingKind, ReportFinding } from "./finding.ts";

/** Where findings go as they come. Waits while the reader of the output is behind, so that nothing piles up. */
export interface Output {
  readonly add: (findings: readonly ReportFinding[]) => Promise<void>;
  readonly end: (summary: string) => Promise<void>;
}

type Stream = NodeJS.WriteStream;

const writerTo = (stream: Stream) => {
  // `report | head`: whoever stops reading wants no stack, and has not seen all of it.
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

const colours: Readonly<Record<FindingKind, Parameters<typeof styleText>[0]>> = {
  named: "dim",
  empty: "red",
  privileged: "red",
  forbidden: "yellow",
  "unsafe-name": "yellow",
  "not-a-string": "yellow",
  "parent-not-an-object": "yellow",
  "too-many-identities": "yellow",
};

/** @param judged whether there are writers whose verdicts are to be shown */
export function tableOutput(stream: Stream, { judged, fields }: { judged: boolean; fields: boolean }): Output {
  const write = writerTo(stream);
  const columns = columnsOf([
    "NAMESPACE",
    "OBJECT",
    ...(fields ? ["FIELD"] : []),
    "FINDING",
    "NAMES",
    "MANAGERS",
    ...(judged ? ["WOULD BE GIVEN"] : []),
    "COULD FIX IT",
  ]);
  const rowOf = (finding: ReportFinding): readonly string[] => [
    finding.namespace || "-",
    `${finding.resource.split(".")[0]}/${finding.name}`,
    ...(fields ? [finding.field || "-"] : []),
    styleText(colours[finding.finding], finding.finding, { stream }),
    printable(finding.declared) || "-",
    printable(managersOf(finding)),
    ...(judged ? [printable(wouldBeOf(finding)) || "-"] : []),
    printable(fixersOf(finding)),
  ];
  return {
    add: (findings) => write(findings.length > 0 ? columns(findings.map(rowOf)) : ""),
    end: (summary) => write(summary),
  };
}

/** Who owns the field; where nobody does, in parentheses who owns something beside it. */
const managersOf = ({ fieldManagers, specManagers }: ReportFinding): string => {
  const names = (managers: ReportFinding["fieldManagers"]) => [...new Set(managers.map(({ manager }) => manager))];
  return fieldManagers.length > 0 ? few(names(fieldManagers)) : `(${few(names(specManagers)) || "nobody"})`;
};

const wouldBeOf = ({ wouldBeGiven }: ReportFinding): string =>
  wouldBeGiven
    .map(({ writer, decision, effective }) =>
      decision === "denied" ? `${writer}: denied` : `${writer}: ${effective} (${decision})`,
    )
    .join(", ");

/** Who could name what is named; where nobody is, who may write the object at all. */
const fixersOf = ({ finding, mayImpersonate, mayWrite }: ReportFinding): string => {
  const who = finding === "privileged" || finding === "forbidden" || finding === "named" ? mayImpersonate : mayWrite;
  return who === null ? "?" : few(who) || "only system:masters";
};

const few = (names: readonly string[]): string =>
  names.length > 3 ? `${names.slice(0, 3).join(", ")} and ${names.length - 3} more` : names.join(", ");

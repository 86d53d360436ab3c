import { uncut } from "../../infra/command-line/screen.ts";
import { tableOn } from "../../infra/command-line/table.ts";
import type { Checked, Figures } from "./check.ts";

const title = ["ROOM", "MUTANTS", "KILLED", "TIMEOUTS", "EQUIVALENT", "UNJUSTIFIED", "SCORE", "SECONDS IN TESTS"];

const row = (room: string, figures: Figures): readonly string[] => [
  room,
  ...[figures.mutants, figures.killed, figures.timeouts, figures.equivalent, figures.unjustified].map(String),
  // Rounded down, so that 100 % means all.
  `${Math.floor(figures.score * 100) / 100} %`,
  String(Math.round(figures.seconds)),
];

/** The result of a run as text, with the next steps. */
export const pageOf = ({ rooms, all, unjustified, stale }: Checked): string =>
  [
    tableOn(
      uncut,
      title,
    )([...Object.entries(rooms).map(([room, figures]) => row(room, figures)), row("all", all)]).trimEnd(),
    ...unjustified.map(
      ({ file, line, status, code, mutant }) => `${file}:${line} ${status}\n  - ${code}\n  + ${mutant}`,
    ),
    ...(unjustified.length > 0
      ? [
          "The unit tests do not notice these changes. Add a row to a table of the tests, or simplify the code. If a change does not alter the behaviour, justify it in test/mutation/equivalent.ts.",
        ]
      : []),
    ...stale.map(
      ({ file, code, mutant }) =>
        `${file}: this mutant no longer exists, or a test kills it\n  - ${code}\n  + ${mutant}`,
    ),
    ...(stale.length > 0 ? ["Remove these from test/mutation/equivalent.ts."] : []),
  ].join("\n\n");

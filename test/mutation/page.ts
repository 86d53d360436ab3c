import { uncut } from "../../infra/command-line/screen.ts";
import { tableOn } from "../../infra/command-line/table.ts";
import type { Checked, Figures } from "./check.ts";

const title = ["ROOM", "MUTANTS", "KILLED", "TIMEOUTS", "EQUIVALENT", "UNJUSTIFIED", "SCORE", "SECONDS IN TESTS"];

const row = (room: string, figures: Figures): readonly string[] => [
  room,
  ...[figures.mutants, figures.killed, figures.timeouts, figures.equivalent, figures.unjustified].map(String),
  // Never rounded up to a hundred.
  `${Math.floor(figures.score * 100) / 100} %`,
  String(Math.round(figures.seconds)),
];

/** What came of a run, and what is to be done about it. */
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
          "Nothing notices these changes. Add a row to a table of the tests, or simplify the code; what means the same as the code is justified in test/mutation/equivalent.ts.",
        ]
      : []),
    ...stale.map(({ file, code, mutant }) => `${file}: not there any more, or killed\n  - ${code}\n  + ${mutant}`),
    ...(stale.length > 0 ? ["Take these out of test/mutation/equivalent.ts."] : []),
  ].join("\n\n");

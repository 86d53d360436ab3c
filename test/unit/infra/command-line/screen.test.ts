import { expect, test } from "vitest";
import { screenOf } from "../../../../infra/command-line/screen.ts";

test.each([
  ["a pipe has no end of the line, whatever it says", { isTTY: false, columns: 80 }, Number.POSITIVE_INFINITY],
  ["a terminal has the columns that it says", { isTTY: true, columns: 132 }, 132],
  ["a terminal that does not say has 80", { isTTY: true, columns: undefined }, 80],
  ["a terminal that says 0 has 80", { isTTY: true, columns: 0 }, 80],
  ["a terminal that is too narrow for any table has 40", { isTTY: true, columns: 5 }, 40],
])("%s", (_, stream, columns) => {
  expect(screenOf(stream as NodeJS.WriteStream).columns).toBe(columns);
});

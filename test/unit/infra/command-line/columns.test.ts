import { expect, test } from "vitest";
import { columnsOf } from "../../../../infra/command-line/columns.ts";

test("titles come once, and later batches keep the widths of earlier ones", () => {
  const columns = columnsOf(["NAME", "KIND"]);
  expect(columns([["a-long-name", "x"]])).toBe("NAME         KIND\na-long-name  x\n");
  expect(columns([["b", "y"]])).toBe("b            y\n");
  expect(
    columns([
      ["an-even-longer-name", "z"],
      ["c", "z"],
    ]),
  ).toBe("an-even-longer-name  z\nc                    z\n");
});

test("colours take no room", () => {
  const columns = columnsOf(["A", "B"]);
  expect(columns([["\u001b[31mred\u001b[39m", "x"]])).toBe("A    B\n\u001b[31mred\u001b[39m  x\n");
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Screen, uncut } from "../../../../infra/command-line/screen.ts";
import { type Cell, tableOn } from "../../../../infra/command-line/table.ts";
import { widthOf } from "../../../../infra/command-line/text-width.ts";

const screen = (columns: number): Screen => ({ ...uncut, columns });
const coloured: Screen = { ...uncut, paint: (colour, text) => `<${colour}>${text}</${colour}>` };
const linesOf = (text: string) => text.split("\n").slice(0, -1);

const account = "system:serviceaccount:team-a:deployer";
const questions = ["impersonate users/razeedeploy: no", "impersonate serviceaccounts/razeedeploy-sa: no"];

describe("in a pipe", () => {
  test("a row is a line, and nothing is shortened", () => {
    const long = "x".repeat(500);
    expect(tableOn(uncut, ["NAME", "ASKED"])([[long, { text: [long, "y"] }]])).toBe(
      `NAME${" ".repeat(498)}ASKED\n${long}  ${long}, y\n`,
    );
  });

  test("a note is a line of its own under the last column", () => {
    expect(tableOn(uncut, ["STATUS", "MESSAGE"])([["fail", { text: "wrong", note: "fix: mend it" }]])).toBe(
      "STATUS  MESSAGE\nfail    wrong\n        fix: mend it\n",
    );
  });

  test("titles come once, and later batches keep the widths of earlier ones", () => {
    const table = tableOn(uncut, ["NAME", "KIND"]);
    expect(table([["a-long-name", "x"]])).toBe("NAME         KIND\na-long-name  x\n");
    expect(table([["b", "y"]])).toBe("b            y\n");
    expect(
      table([
        ["an-even-longer-name", "z"],
        ["c", "z"],
      ]),
    ).toBe("an-even-longer-name  z\nc                    z\n");
  });

  test("no rows are no table, and titles wait for the first row", () => {
    const table = tableOn(uncut, ["NAME"]);
    expect([table([]), table([["a"]])]).toEqual(["", "NAME\na\n"]);
  });

  test("an empty cell is a dash, and no line ends in spaces", () => {
    expect(tableOn(uncut, ["A", "B", "LAST"])([["", "b", { text: [] }]])).toBe("A  B  LAST\n-  b  -\n");
  });
});

describe("on a screen", () => {
  const table = (columns: number, ...rows: readonly (Cell | string)[][]) =>
    linesOf(tableOn(screen(columns), ["REQUESTER", "NAMES", "WHY"])(rows)).slice(1);

  test("a table that fits is printed as in a pipe", () => {
    const rows = [[account, "bob", { text: questions }]];
    const titles = ["REQUESTER", "NAMES", "WHY"];
    expect(tableOn(screen(130), titles)(rows)).toBe(tableOn(uncut, titles)(rows));
  });

  test("a list that does not fit goes under its row, and is broken between its items", () => {
    expect(table(80, [account, "bob", { text: questions }])).toEqual([
      "system:serviceaccount:team-a:deployer  bob",
      "    why: impersonate users/razeedeploy: no,",
      "    impersonate serviceaccounts/razeedeploy-sa: no",
    ]);
    expect(table(90, [account, "bob", { text: questions }])).toEqual([
      "system:serviceaccount:team-a:deployer  bob",
      "    why: impersonate users/razeedeploy: no, impersonate serviceaccounts/razeedeploy-sa: no",
    ]);
  });

  test("names are shortened in their middle, the longest first, where that lets the last column stand beside them", () => {
    const row = [account, account, { text: "impersonate users/bob: yes" }];
    const shortened = "system:servi…m-a:deployer";
    expect(table(80, row)).toEqual([`${shortened}  ${shortened}  impersonate users/bob: yes`]);
    expect(table(80, [account, "bob", { text: questions }], ["al", account, "self"])).toEqual([
      "system:servicea…team-a:deployer  bob",
      "    why: impersonate users/razeedeploy: no,",
      "    impersonate serviceaccounts/razeedeploy-sa: no",
      "al                               system:servicea…team-a:deployer  self",
    ]);
  });

  test("where no text fits beside its names, names have all of the screen, and the last title stands before each text", () => {
    const rows = [[account, account, { text: questions }]];
    expect(linesOf(tableOn(screen(80), ["REQUESTER", "NAMES", "WHY"])(rows))).toEqual([
      `REQUESTER${" ".repeat(30)}NAMES`,
      `${account}  ${account}`,
      "    why: impersonate users/razeedeploy: no,",
      "    impersonate serviceaccounts/razeedeploy-sa: no",
    ]);
  });

  test("of several texts none stands alone beside the names", () => {
    const titles = ["OBJECT", "WOULD BE GIVEN", "COULD FIX IT"];
    const short = ["shop", { text: ["bob: bob (replaced)"] }, { text: ["User alice"] }];
    const long = ["shop", { text: ["bob: denied", "alice: alice (replaced)"] }, { text: ["User alice"] }];
    expect(linesOf(tableOn(screen(60), titles, 2)([short, long]))).toEqual([
      "OBJECT  WOULD BE GIVEN        COULD FIX IT",
      "shop    bob: bob (replaced)   User alice",
      "shop",
      "    would be given: bob: denied, alice: alice (replaced)",
      "    could fix it: User alice",
    ]);
  });

  test("a message has half of the screen at least, or goes under its row", () => {
    const message = "every webhook calls the same address, which answers";
    const doctor = (columns: number, check: string) =>
      linesOf(
        tableOn(screen(columns), ["STATUS", "CHECK", "MESSAGE"])([["ok", check, { text: message, note: "fix" }]]),
      );
    expect(doctor(60, "url")).toEqual([
      "STATUS  CHECK  MESSAGE",
      "ok      url    every webhook calls the same address, which",
      "               answers",
      "               fix",
    ]);
    expect(doctor(60, "a-check-with-a-very-long-name")).toEqual([
      "STATUS  CHECK",
      "ok      a-check-with-a-very-long-name",
      "    message: every webhook calls the same address, which",
      "    answers",
      "    fix",
    ]);
  });

  test("later batches keep the widths of earlier ones", () => {
    const stream = tableOn(screen(60), ["NAME", "KIND"]);
    stream([[account, "x"]]);
    expect(stream([["b", "y"]])).toBe(`b${" ".repeat(38)}y\n`);
  });

  test("texts go under their rows as soon as a later batch leaves too little to the names", () => {
    const stream = tableOn(screen(60), ["NAMESPACE", "OBJECT", "NAMES", "KIND", "COULD FIX IT"]);
    expect(stream([["a", "b", "c", "d", "e"]])).toMatch(
      /^NAMESPACE +OBJECT +NAMES +KIND +COULD FIX IT\na +b +c +d +e\n$/,
    );
    expect(stream([[account, account, account, account, "e"]])).toBe(
      `${Array(4).fill("system…ployer").join("  ")}\n    could fix it: e\n`,
    );
  });

  test("wide characters take two columns, and are not cut in two", () => {
    const [wide = "", narrow = ""] = linesOf(
      tableOn(uncut, ["NAME", "KIND"])([
        ["山田", "x"],
        ["bob", "x"],
      ]),
    ).slice(1);
    expect([wide, narrow]).toEqual(["山田  x", "bob   x"]);
    const [cut = ""] = table(60, ["山".repeat(60), "bob", "self"]);
    expect(cut).toMatch(/^山+…山+ +bob +self$/);
    expect(widthOf(cut)).toBeLessThanOrEqual(60);
  });
});

test.each([
  ["a line break", "a\nb", "a\\u000ab"],
  ["a colour", "\u001b[31mred", "\\u001b[31mred"],
  ["a turn of the direction", "bob\u202e", "bob\\u202e"],
  ["a sign without a shape", "bob\u3164", "bob\\u{3164}"],
  ["half of a sign", "\ud83d", "\\ud83d"],
])("%s in a name is printed as an escape, in every column", (_, name, shown) => {
  const printed = tableOn(uncut, ["A", "B"])([[name, { text: name, note: name }]]);
  expect(printed.split("\n").slice(1, 3)).toEqual([`${shown}  ${shown}`, `${" ".repeat(shown.length)}  ${shown}`]);
});

test("colours take no room, and reach neither into spaces nor into other lines", () => {
  const rows = [
    [
      { text: "red", colour: "red" as const },
      { text: "x", note: "y" },
    ],
  ];
  expect(tableOn(coloured, ["A", "B"])(rows)).toBe(
    "<bold>A</bold>    <bold>B</bold>\n<red>red</red>  x\n     <dim>y</dim>\n",
  );
});

describe("for random names, lists, notes and widths", () => {
  const alphabet = [
    "a",
    ":",
    "-",
    " ",
    "system",
    "山",
    "é",
    "🚀",
    "👍🏽",
    "กำ",
    "🇩🇪",
    "\u202e",
    "\u3164",
    "\u001b[1m",
    "\n",
    "\ud83d",
  ];
  const name = fc.oneof(
    fc.array(fc.constantFrom(...alphabet), { maxLength: 60 }).map((parts) => parts.join("")),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  const row = fc
    .tuple(fc.array(name, { minLength: 6, maxLength: 6 }), fc.array(name, { maxLength: 4 }), name)
    .map(([names, text, note]) => [...names, { text, note }]);
  const batches = fc.array(fc.array(row, { maxLength: 4 }), { minLength: 1, maxLength: 3 });
  const titles = ["NAMESPACE", "OBJECT", "FINDING", "NAMES", "MANAGERS", "WOULD BE", "COULD FIX IT"];

  test("no printed line is longer than the screen, and none holds what a terminal obeys", () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 220 }), batches, (columns, given) => {
        const table = tableOn(screen(columns), titles);
        for (const line of given.flatMap((rows) => table(rows).split("\n"))) {
          expect(widthOf(line)).toBeLessThanOrEqual(columns);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/u);
        }
      }),
    );
  });

  test("nothing of the last column is lost", () => {
    const solid = (text: string) => text.replace(/[\s,]+/gu, "");
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 220 }), row, (columns, given) => {
        const rows = [given.slice(-2).map((cell) => (typeof cell === "string" ? "n" : cell))];
        const [narrow, wide] = [screen(columns), uncut].map((each) => solid(tableOn(each, ["A", "B"])(rows)));
        expect(narrow?.normalize()).toBe(wide?.normalize());
      }),
    );
  });

  test("in a pipe every row is one line, with its note another", () => {
    fc.assert(
      fc.property(fc.array(row, { minLength: 1 }), (rows) => {
        const notes = rows.filter((cells) => cells.some((cell) => typeof cell !== "string" && cell.note !== ""));
        expect(linesOf(tableOn(uncut, titles)(rows))).toHaveLength(1 + rows.length + notes.length);
        expect(tableOn(uncut, titles)(rows)).not.toContain("…");
      }),
    );
  });
});

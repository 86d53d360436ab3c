import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readArguments, run, UsageError } from "../../infra/command-line/usage.ts";
import { check, roomOf } from "./check.ts";
import { equivalent } from "./equivalent.ts";
import { inputsOf, keyOf } from "./inputs.ts";
import { keep, readKept } from "./kept.ts";
import { type Mutant, mutantsIn } from "./mutant.ts";
import { pageOf } from "./page.ts";
import { reports } from "./reports.ts";
import { rooms } from "./rooms.ts";

const help = `Changes the code of the library in one place at a time, and checks whether the unit tests notice.

usage: npm run mutate -- [options]

  --room ROOM         one of ${rooms.join(", ")}; may be repeated (all)
  --fresh             try all rooms, also those without changes since a run without findings
  --concurrency N     how many mutants are tried at once (one for each core)
  -o text|json        (text)

Exit status: 0 every mutant is noticed or justified in test/mutation/equivalent.ts, 1 a mutant is neither, or a justification is stale,
2 a wrong argument.`;

const root = new URL("../../", import.meta.url);
const folder = fileURLToPath(root);
const keptFolder = fileURLToPath(new URL(reports.kept, root));
const stryker = fileURLToPath(new URL("node_modules/@stryker-mutator/core/bin/stryker.js", root));

/** For each room, the key of its input files as they are now. */
const keysNow = async (): Promise<ReadonlyMap<string, string>> =>
  new Map([...(await inputsOf(folder))].map(([room, files]) => [room, keyOf(folder, files)]));

/** Runs Stryker on the mutants of some rooms. */
const tryMutants = async (tried: readonly string[], concurrency: string | undefined): Promise<readonly Mutant[]> => {
  const json = new URL(reports.json, root);
  // The report of an earlier run must not be taken for this run's.
  await rm(json, { force: true });
  const child = spawn(
    process.execPath,
    [
      ...[stryker, "run", "test/mutation/stryker.config.ts"],
      ...["--mutate", tried.map((room) => `lib/${room}/**/*.ts`).join(",")],
      ...(concurrency === undefined ? [] : ["--concurrency", concurrency]),
    ],
    // Standard output is for the result.
    { cwd: root, stdio: ["ignore", process.stderr, "inherit"] },
  );
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`Stryker ended with ${code}; its output is above`);
  return mutantsIn(JSON.parse(await readFile(json, "utf8")));
};

/** Keeps the mutants of each room without findings, unless a file was changed while they were tried. */
const keepAll = async (tried: readonly string[], mutants: readonly Mutant[], before: ReadonlyMap<string, string>) => {
  const after = await keysNow();
  for (const room of tried) {
    const key = after.get(room);
    const own = mutants.filter((mutant) => roomOf(mutant) === room);
    if (key !== undefined && key === before.get(room) && check([room], own, equivalent).unjustified.length === 0)
      keep(keptFolder, room, { key, mutants: own });
  }
};

const command = async (): Promise<void> => {
  const { values } = readArguments(
    {
      room: { type: "string", multiple: true, default: [...rooms] },
      fresh: { type: "boolean", default: false },
      concurrency: { type: "string" },
      output: { type: "string", short: "o", default: "text" },
    },
    help,
  );
  const { room, fresh, concurrency, output } = values;
  const unknown = room.find((name) => !rooms.includes(name));
  if (unknown !== undefined) throw new UsageError(`--room ${unknown} is not one of ${rooms.join(", ")}`);
  if (concurrency !== undefined && !/^[1-9]\d?$/.test(concurrency))
    throw new UsageError(`--concurrency ${concurrency} is not a number from 1 to 99`);
  if (output !== "text" && output !== "json") throw new UsageError(`-o ${output} is not text or json`);

  const started = performance.now();
  const keys = await keysNow();
  const kept = new Map(
    fresh
      ? []
      : room.flatMap((name) => {
          const mutants = readKept(keptFolder, name, keys.get(name) ?? "");
          return mutants === undefined ? [] : [[name, mutants] as const];
        }),
  );
  const tried = room.filter((name) => !kept.has(name));
  const mutants = tried.length === 0 ? [] : await tryMutants(tried, concurrency);
  await keepAll(tried, mutants, keys);

  const checked = check(room, [...mutants, ...[...kept.values()].flat()], equivalent);
  const seconds = Math.round((performance.now() - started) / 1000);
  const html = tried.length === 0 ? undefined : new URL(reports.html, root).href;
  if (output === "json")
    console.log(JSON.stringify({ ...checked, unchanged: [...kept.keys()], seconds, html }, null, 2));
  else
    console.log(
      [
        pageOf(checked),
        ...(kept.size === 0
          ? []
          : [
              `These rooms have not changed since their last run, and were not tried again: ${[...kept.keys()].join(", ")}.`,
            ]),
        html === undefined ? `${seconds} s` : `${seconds} s; all mutants: ${html}`,
      ].join("\n\n"),
    );
  process.exitCode = checked.unjustified.length + checked.stale.length > 0 ? 1 : 0;
};

await run(command);

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readArguments, run, UsageError } from "../../infra/command-line/usage.ts";
import { check } from "./check.ts";
import { equivalent } from "./equivalent.ts";
import { mutantsIn } from "./mutant.ts";
import { pageOf } from "./page.ts";
import { reports } from "./reports.ts";
import { rooms } from "./rooms.ts";

const help = `Changes the code of the library in one place after the other, and looks whether its unit tests notice.

usage: npm run mutate -- [options]

  --room ROOM         one of ${rooms.join(", ")}; may stand several times (all)
  --concurrency N     how many mutants are tried at once (one for each core)
  -o text|json        (text)

Exit status: 0 every mutant is noticed or justified in test/mutation/equivalent.ts, 1 one is not, or a justification is stale,
2 a wrong argument.`;

const root = new URL("../../", import.meta.url);
const stryker = fileURLToPath(new URL("node_modules/@stryker-mutator/core/bin/stryker.js", root));

const command = async (): Promise<void> => {
  const { values } = readArguments(
    {
      room: { type: "string", multiple: true, default: [...rooms] },
      concurrency: { type: "string" },
      output: { type: "string", short: "o", default: "text" },
    },
    help,
  );
  const { room, concurrency, output } = values;
  const stranger = room.find((one) => !rooms.some((known) => known === one));
  if (stranger !== undefined) throw new UsageError(`--room ${stranger} is not one of ${rooms.join(", ")}`);
  if (concurrency !== undefined && !/^[1-9]\d?$/.test(concurrency))
    throw new UsageError(`--concurrency ${concurrency} is not a number from 1 to 99`);
  if (output !== "text" && output !== "json") throw new UsageError(`-o ${output} is not text or json`);

  const json = new URL(reports.json, root);
  // No report of an earlier run is taken for this one's.
  await rm(json, { force: true });
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...[stryker, "run", "test/mutation/stryker.config.ts"],
      ...["--mutate", room.map((one) => `lib/${one}/**/*.ts`).join(",")],
      ...(concurrency === undefined ? [] : ["--concurrency", concurrency]),
    ],
    // Standard output is for the result.
    { cwd: root, stdio: ["ignore", process.stderr, "inherit"] },
  );
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`Stryker ended with ${code}; what it says stands above`);

  const checked = check(room, mutantsIn(JSON.parse(await readFile(json, "utf8"))), equivalent);
  const html = new URL(reports.html, root).href;
  const seconds = Math.round((performance.now() - started) / 1000);
  if (output === "json") console.log(JSON.stringify({ ...checked, seconds, html }, null, 2));
  else console.log([pageOf(checked), `${seconds} s; every mutant in its place: ${html}`].join("\n\n"));
  process.exitCode = checked.unjustified.length + checked.stale.length > 0 ? 1 : 0;
};

await run(command);

import { readArguments, run } from "../../infra/command-line/usage.ts";
import { meet } from "./meet.ts";
import { faults } from "./table.ts";

const timeout = "3s";

const help = `Prints the answer to a review for each fault of an API server, as a table in Markdown.

usage: npm run faults`;

const cell = (text: string): string => text.replaceAll("|", "\\|");

const command = async (): Promise<void> => {
  readArguments({}, help);
  console.log(`Every review asks one question, and its API server waits ${timeout}.\n`);
  console.log("| the API server of the cluster | what the requester reads | code | ms |\n|---|---|---:|---:|");
  for (const fault of faults()) {
    const { decision, code, message = `(${decision})`, milliseconds } = await meet(fault, { timeout });
    const why = message.replace(/^whether .* could not be found out: /, "");
    console.log(`| ${cell(fault.name)} | ${cell(why)} | ${code ?? 200} | ${Math.round(milliseconds)} |`);
  }
};

await run(command);

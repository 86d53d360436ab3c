/** Prints the outcome of every fault, as a table in Markdown: `npm run faults`. */
import { meet } from "./meet.ts";
import { faults } from "./table.ts";

const timeout = "3s";
const cell = (text: string): string => text.replaceAll("|", "\\|");

console.log(`Every review asks one question, and its API server waits ${timeout}.\n`);
console.log("| the API server of the cluster | what the requester reads | code | ms |\n|---|---|---:|---:|");
for (const fault of faults()) {
  const { decision, code, message = `(${decision})`, milliseconds } = await meet(fault, { timeout });
  const why = message.replace(/^whether .* could not be found out: /, "");
  console.log(`| ${cell(fault.name)} | ${cell(why)} | ${code ?? 200} | ${Math.round(milliseconds)} |`);
}

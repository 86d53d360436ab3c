import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { readArguments, run } from "../command-line/usage.ts";
import { yamlText } from "../command-line/yaml-text.ts";
import { rulesFile } from "./alert-rules.ts";
import { grafanaDashboard } from "./grafana-dashboard.ts";

const rules = `# Alerts on the metrics of the server (npm run proxy -- --metrics-port N), for Prometheus. docs/operations.md says what to do about each.
# Written by npm run monitoring.
`;

/** The files of `infra/prometheus/` by name: what is loaded into Prometheus and Grafana. */
export function monitoringFiles(): Readonly<Record<string, string>> {
  return {
    "alerts.yaml": rules + yamlText([rulesFile()]),
    "grafana-dashboard.json": `${JSON.stringify(grafanaDashboard(), undefined, 2)}\n`,
  };
}

const folder = new URL("./", import.meta.url);

const help = `Writes the alerts for Prometheus and the dashboard for Grafana of infra/prometheus, and prints their paths.

usage: npm run monitoring`;

const write = async (): Promise<void> => {
  readArguments({}, help);
  for (const [name, text] of Object.entries(monitoringFiles())) {
    await writeFile(new URL(name, folder), text);
    console.log(fileURLToPath(new URL(name, folder)));
  }
};

if (import.meta.main) await run(write);

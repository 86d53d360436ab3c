import { openRegistry } from "./registry/open-registry.ts";
import { readSettings } from "./settings.ts";
import { logLine } from "./telemetry/log-line.ts";
import { createHandler } from "./webhook/handler.ts";
import { type Log, splitEntry } from "./webhook/log-entries.ts";
import { warm } from "./webhook/warm.ts";
import { webhookClusters } from "./webhook/webhook-cluster.ts";

export { askOf } from "./cluster/ask.ts";
export { openConnection } from "./cluster/connection.ts";
export { hashOfKey } from "./webhook/caller-key.ts";
export { createHandler };

const settings = readSettings(process.env);

const line = (entry: Parameters<Log>[0]): string => logLine(splitEntry(entry), settings.functionName, Date.now());

/** Written past `console`, which would put the time and a level in front of the JSON. */
const log: Log = (entry) => {
  process.stdout.write(`${line(entry)}\n`);
};

const registry = openRegistry(settings, webhookClusters, log);

/** The Lambda function. The other exports are for the local server and the commands, which run the same bundle. */
export const handler = createHandler({ registry, log });

/** Ends when the first call can come: functions/lambda.ts awaits it. */
export function warmed(): Promise<void> {
  return warm({ registry, clusters: settings.warmClusters, log, drop: line });
}

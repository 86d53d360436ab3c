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

/** Past `console`, which would put the time and a level in front of what is JSON. */
const log: Log = (entry) => {
  process.stdout.write(`${line(entry)}\n`);
};

const registry = openRegistry(settings, webhookClusters, log);

/** The Lambda function. What else stands in this file is for the local server and the commands, which run the same bundle. */
export const handler = createHandler({ registry, log });

/** What functions/lambda.ts awaits before the first call. */
export function warmed(): Promise<void> {
  return warm({ registry, clusters: settings.warmClusters, log, drop: line });
}

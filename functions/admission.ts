import { createHandler } from "./handler.ts";
import { registryOf } from "./registry/registry.ts";
import { readSettings } from "./settings.ts";
import { type Log, lineOf } from "./telemetry/telemetry.ts";

export { accessOf } from "./access/access.ts";
export { hashOf } from "./keys.ts";
export { createHandler };

const settings = readSettings(process.env);

/** Past `console`, which would put the time and a level in front of what is JSON. */
const log: Log = (entry) => {
  process.stdout.write(`${lineOf(entry, settings.functionName, Date.now())}\n`);
};

/** The Lambda function. What else stands in this file is for the local server and the commands, which run the same bundle. */
export const handler = createHandler({ registry: registryOf(settings, log), log });

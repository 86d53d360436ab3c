import { printable } from "../lib/review/index.ts";
import { registryFrom } from "./clusters.ts";
import { createHandler } from "./handler.ts";
import { readSettings } from "./settings.ts";

export { accessOf } from "./access.ts";
export { hashOf } from "./keys.ts";
export { readKubeconfig } from "./kubeconfig.ts";
export { createHandler };

/** What would turn a line of the log around on a screen is an escape in JSON too. */
const log = (entry: object): void => console.log(printable(JSON.stringify(entry)));

const { registryFile } = readSettings(process.env);
const registry = registryFrom(registryFile);
if (registryFile !== undefined) for (const problem of registry.problems) log({ level: "ERROR", message: problem });

/** The Lambda function. What else stands in this file is for the local server and the commands, which run the same bundle. */
export const handler = createHandler({ registry, log });

import type { Command } from "./command-line/command.ts";
import { commandHelp } from "./command-line/help-text.ts";
import { readCommandLine } from "./command-line/read-command-line.ts";
import { asksForHelp, run } from "./command-line/usage.ts";
import { proxy } from "./commands/proxy.ts";

/** The command `proxy` as a program of one file, for a container. */
const command: Command = proxy;
const given = process.argv.slice(2);

void run(async () => {
  if (asksForHelp(given))
    console.log(commandHelp("node server.js", "Serves the proxy and the webhook of clusters over HTTPS.", command));
  else await command.run(readCommandLine("server", command, given));
});

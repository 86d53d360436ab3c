import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const compileCache = `${root}node_modules/.cache/node`;

/** How a command is run. */
export interface Run {
  /** Its standard input. */
  readonly input?: string;
  readonly environment?: Readonly<Record<string, string>>;
  /** Runs as if both outputs were terminals. */
  readonly terminal?: boolean;
  /** The current folder; default: the repository. `start` and `proxy` keep a CA in it. */
  readonly folder?: string;
  /** The columns of that terminal; without, it does not tell. */
  readonly columns?: number;
}

/** The result of a command. */
export interface Ran {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Node asks a stream whether it is a terminal, and then how many colours the environment leaves it. */
const asTerminal = (columns: number | undefined) => `import { WriteStream } from "node:tty";
for (const stream of [process.stdout, process.stderr])
  Object.assign(stream, { isTTY: true, columns: ${columns}, getColorDepth: WriteStream.prototype.getColorDepth });`;

/** A command of the program by its name ("": no command), or another program by its path without the extension. */
const programOf = (command: string): readonly string[] =>
  command.includes("/") ? [`${root}${command}.ts`] : [`${root}infra/cli.ts`, ...(command === "" ? [] : [command])];

/** Starts a command, or another program by its path, in the repository. Of this process' environment it gets only where programs are. */
export const startCommand = (
  command: string,
  args: readonly string[],
  { environment, terminal, columns, folder = root }: Run = {},
) => {
  const preload = terminal ? ["--import", `data:text/javascript,${encodeURIComponent(asTerminal(columns))}`] : [];
  const child = spawn(process.execPath, [...preload, ...programOf(command), ...args], {
    cwd: folder,
    // A short command spends most of its time on compiling sources, which are the same for all commands.
    env: { PATH: process.env["PATH"], TERM: "xterm-256color", NODE_COMPILE_CACHE: compileCache, ...environment },
  });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  return { child, said };
};

/** Runs a command, or another program by its path, to its end. */
export const runCommand = async (command: string, args: readonly string[], how: Run = {}): Promise<Ran> => {
  const { child, said } = startCommand(command, args, how);
  // A command may end before it reads its input; its status says whether that was right.
  child.stdin.on("error", () => {}).end(how.input ?? "");
  const [status] = await once(child, "close");
  return { status, ...said };
};

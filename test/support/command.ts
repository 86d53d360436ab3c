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

/** Starts a command, or another program of `infra/` by its path there without the extension, in the repository, with nothing of this process' environment but where programs are. */
export const startCommand = (
  command: string,
  args: readonly string[],
  { environment, terminal, columns }: Run = {},
) => {
  const preload = terminal ? ["--import", `data:text/javascript,${encodeURIComponent(asTerminal(columns))}`] : [];
  const child = spawn(
    process.execPath,
    [...preload, `infra/${command.includes("/") ? command : `commands/${command}`}.ts`, ...args],
    {
      cwd: root,
      // A short command spends most of its time on compiling sources, which are the same for all commands.
      env: { PATH: process.env["PATH"], TERM: "xterm-256color", NODE_COMPILE_CACHE: compileCache, ...environment },
    },
  );
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  return { child, said };
};

/** Runs a command, or another program of `infra/`, to its end. */
export const runCommand = async (command: string, args: readonly string[], how: Run = {}): Promise<Ran> => {
  const { child, said } = startCommand(command, args, how);
  child.stdin.end(how.input ?? "");
  const [status] = await once(child, "close");
  return { status, ...said };
};

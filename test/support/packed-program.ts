import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Ran } from "./command.ts";
import type { Tarballs } from "./packed.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Where programs are, first of all the Node that runs this test. */
const path = `${dirname(process.execPath)}:${process.env["PATH"]}`;

/** A registry that has one package: valibot, as it is installed here. */
const startRegistry = async (tarball: string) => {
  const manifest = JSON.parse(readFileSync(join(root, "node_modules/valibot/package.json"), "utf8"));
  const { name, version } = manifest;
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const dist = { tarball: `http://${request.headers.host}/${basename(tarball)}` };
    const packument = { name, "dist-tags": { latest: version }, versions: { [version]: { ...manifest, dist } } };
    if (path === `/${basename(tarball)}`) response.end(readFileSync(tarball));
    else if (path === `/${name}`) response.end(JSON.stringify(packument));
    else response.writeHead(404).end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
};

/** The packed program, called in an empty folder as an operator calls it. */
export interface PackedProgram {
  /** The empty folder, but for the tarball. */
  readonly folder: string;
  readonly tarball: string;
  /** The paths that the registry was asked for. */
  readonly asked: readonly string[];
  /** Runs `npx ./TARBALL ...args` to its end. */
  readonly run: (args: readonly string[]) => Promise<Ran>;
  /** Starts `npx ./TARBALL ...args`; `stop` ends it with all that it started. */
  readonly start: (args: readonly string[]) => {
    readonly said: { stdout: string; stderr: string };
    readonly stop: () => Promise<void>;
  };
  readonly close: () => void;
}

/** Makes an empty folder beside tarballs, with an npm cache of its own and a registry that has only valibot. */
export const packedProgram = async (parent: string, { own, valibot }: Tarballs): Promise<PackedProgram> => {
  const folder = join(parent, "empty");
  mkdirSync(folder);
  const tarball = basename(own);
  copyFileSync(own, join(folder, tarball));
  const registry = await startRegistry(valibot);
  const env = {
    PATH: path,
    HOME: parent,
    npm_config_registry: registry.url,
    npm_config_cache: join(parent, "own-cache"),
    npm_config_audit: "false",
    npm_config_update_notifier: "false",
  };
  const begin = (args: readonly string[]) => {
    const child = spawn("npx", ["--yes", `./${tarball}`, ...args], { cwd: folder, env, detached: true });
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].setEncoding("utf8").on("data", (text: string) => {
        said[name] += text;
      });
    child.stdin.end();
    return { child, said, closed: once(child, "close") };
  };
  return {
    folder,
    tarball,
    asked: registry.asked,
    run: async (args) => {
      const { said, closed } = begin(args);
      const [status] = await closed;
      return { status, ...said };
    },
    start: (args) => {
      const { child, said, closed } = begin(args);
      const stop = async (): Promise<void> => {
        process.kill(-(child.pid ?? 0));
        await closed;
      };
      return { said, stop };
    },
    close: () => registry.server.close(),
  };
};

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "../support/command.ts";
import { packAll } from "../support/packed.ts";
import { type PackedProgram, packedProgram } from "../support/packed-program.ts";
import { applied } from "./world/applied.ts";
import { created, template } from "./world/objects.ts";
import { type OwnCluster, startOwnCluster } from "./world/own-cluster.ts";

const folder = mkdtempSync(join(tmpdir(), "packed-"));
let plane: OwnCluster;
let program: PackedProgram;

beforeAll(async () => {
  plane = await startOwnCluster(["mustachetemplates", "featureflagsetsld", "remoteresourcess3"]);
  await applied(plane, [{ apiVersion: "v1", kind: "Namespace", metadata: { name: "team-a" } }]);
  await created(plane, plane.user("admin"), template("team-a", "as-carol", "carol"));
  program = await packedProgram(folder, await packAll(folder));
});
afterAll(async () => {
  program?.close();
  await plane?.stop();
  rmSync(folder, { recursive: true });
});

describe("npx with the tarball, in an empty folder, finds on a cluster what the clone finds", () => {
  test.each([
    ["report", ["--namespace", "team-a", "--as-writer", "bob"], "as-carol"],
    ["report", ["--namespace", "team-a", "--as-writer", "bob", "-o", "json"], '"as-carol"'],
    ["doctor", ["--namespace", "team-a"], "fail    mutating "],
  ])("%s %j", async (command, options, found) => {
    const args = ["--kubeconfig", plane.kubeconfigOf("admin"), ...options];
    const here = await runCommand(command, args, { environment: { HOME: "/nowhere" } });
    const inNpx = (text: string) => text.replaceAll(/npm run -s (\w+) --/g, `npx ./${program.tarball} $1`);
    const ran = await program.run([command, ...args]);
    expect(ran.stdout).toContain(found);
    expect(ran).toEqual({ status: 1, stdout: inNpx(here.stdout), stderr: inNpx(here.stderr) });
  });
});

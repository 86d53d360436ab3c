import { readFileSync } from "node:fs";
import type { TestProject } from "vitest/node";
import { type Connection, startControlPlane } from "../control-plane.ts";
import { applied } from "./applied.ts";
import { serviceAccount } from "./namespace.ts";
import { until } from "./until.ts";
import { users } from "./users.ts";

declare module "vitest" {
  interface ProvidedContext {
    connection: Connection;
  }
}

const manifest = (name: string): string => readFileSync(new URL(name, import.meta.url), "utf8");

/** One control plane for all files of the suite, with Razee's kinds, the users and their permissions. Each file installs its own guard. */
export default async (project: TestProject): Promise<() => Promise<void>> => {
  const plane = await startControlPlane({ users });
  try {
    await applied(plane, `${manifest("razee-crds.yaml")}\n---\n${manifest("rbac.yaml")}`);
    await until("Razee's kinds are served", async () => {
      const { status, body } = await plane.api(plane.user("alice"), { path: "/apis/deploy.razee.io/v1alpha2" });
      const plurals = new Set(
        status === 200 ? body.resources.map(({ name }: { name: string }) => name.split("/")[0]) : [],
      );
      return plurals.size === 5;
    });
    const controller = await serviceAccount(plane, "razeedeploy", "razeedeploy-sa");
    const { connection } = plane;
    project.provide("connection", {
      ...connection,
      tokens: { ...connection.tokens, "razeedeploy-sa": controller.token },
    });
    return plane.stop;
  } catch (error) {
    await plane.stop();
    throw error;
  }
};

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { inCluster } from "../../../../lib/manifests/index.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const text = readFileSync(new URL("../../../../infra/container/Dockerfile", import.meta.url), "utf8");
const instruction = (name: string): string => new RegExp(`^${name} (.+)$`, "m").exec(text)?.[1] ?? "";
const buildServer = readFileSync(new URL("../../../../infra/build/build-server.ts", import.meta.url), "utf8");

test("the image holds the file that the build writes, and runs it", () => {
  const [from = "", to = ""] = instruction("COPY").split(" ");
  expect(buildServer).toContain(`const file = "dist/${from}";`);
  const { scripts } = JSON.parse(readFileSync(new URL("../../../../package.json", import.meta.url), "utf8"));
  const flags = scripts.proxy.split(" ").filter((word: string) => word.startsWith("--"));
  expect(JSON.parse(instruction("ENTRYPOINT"))).toEqual([expect.stringMatching(/\/node$/), ...flags, to]);
});

test("the image runs as the user, and on the ports, of the Deployment", () => {
  const policy = readPolicy({ name: "razee", targets: [{ preset: "razee" }] });
  const objects = inCluster({ policy, policySource: { builtIn: "razee" }, namespace: "n", image: "i", tlsSecret: "t" });
  const { spec } = objects.find(({ kind }) => kind === "Deployment") as unknown as {
    readonly spec: {
      readonly template: {
        readonly spec: {
          readonly securityContext: { readonly runAsUser: number; readonly runAsGroup: number };
          readonly containers: readonly [{ readonly ports: readonly { readonly containerPort: number }[] }];
        };
      };
    };
  };
  const { securityContext, containers } = spec.template.spec;
  expect(instruction("USER")).toBe(`${securityContext.runAsUser}:${securityContext.runAsGroup}`);
  expect(instruction("EXPOSE")).toBe(containers[0].ports.map(({ containerPort }) => containerPort).join(" "));
});

import { expect, test } from "vitest";
import { readSettings } from "../../../functions/settings.ts";

test.each<[string, Readonly<Record<string, string>>, string | undefined]>([
  ["is what REGISTRY_FILE says", { REGISTRY_FILE: "/opt/registry/kubeconfig" }, "/opt/registry/kubeconfig"],
  ["is nowhere where nothing is said", {}, undefined],
  ["is nowhere where REGISTRY_FILE is empty", { REGISTRY_FILE: "" }, undefined],
  ["is nobody else's kubeconfig", { KUBECONFIG: "/home/me/.kube/config" }, undefined],
])("the registry %s", (_, environment, registryFile) => {
  expect(readSettings(environment)).toMatchObject({ registryFile });
});

import { afterAll, beforeAll } from "vitest";
import type { Guard } from "../../cluster/world/install-policy.ts";

/** Guards the cluster while the tests of a block, or of a whole file, run. */
export const guarded = (install: () => Promise<Guard>): (() => Guard) => {
  let guard: Guard;
  beforeAll(async () => {
    guard = await install();
  });
  afterAll(() => guard?.uninstall());
  return () => guard;
};

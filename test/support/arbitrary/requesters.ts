import fc from "fast-check";
import type { JsonObject } from "../../../lib/index.ts";
import { name } from "./values.ts";

/** `request.userInfo` of somebody, now and then with a narrowed credential. */
export const userInfo = fc.record(
  {
    username: name,
    groups: fc.subarray(["system:authenticated", "team-a"]),
    extra: fc.constantFrom<JsonObject>({}, { "scopes.authorization.openshift.io": ["user:info"] }),
  },
  { requiredKeys: ["username", "groups"] },
);

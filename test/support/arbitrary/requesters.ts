import fc from "fast-check";
import type { JsonObject } from "../../../lib/index.ts";
import { name } from "./values.ts";

/** `request.userInfo` of a requester, now and then with a scoped token. */
export const userInfo = fc.record(
  {
    username: name,
    groups: fc.subarray(["system:authenticated", "team-a"]),
    extra: fc.constantFrom<JsonObject>({}, { "scopes.authorization.openshift.io": ["user:info"] }),
  },
  { requiredKeys: ["username", "groups"] },
);

const own = { group: "deploy.razee.io", version: "v1alpha2", kind: "MustacheTemplate" };

/** Members of a request that write a subresource of the objects here, mostly the status; now and then with an object of another kind. */
export const subresource: fc.Arbitrary<JsonObject> = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ subResource: "status", kind: own }) },
  { weight: 1, arbitrary: fc.constant({ subResource: "resize", kind: own }) },
  fc.constantFrom(
    { subResource: "binding", kind: { group: "", version: "v1", kind: "Binding" } },
    { subResource: "scale", kind: { group: "autoscaling", version: "v1", kind: "Scale" } },
    { subResource: "scale", kind: { group: "example.com", version: "v1", kind: "Scale" } },
    { subResource: "status", kind: { group: "policy", version: "v1", kind: "Eviction" } },
  ),
);

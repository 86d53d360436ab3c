import fc from "fast-check";
import { serviceAccountUsername } from "../../../lib/index.ts";

const account = (name: string, namespace = "team-a"): string => serviceAccountUsername({ namespace, name });

// Few values, so that requesters, declared names, privileged values, defaults and answers meet often.
const names = [
  ...["alice", "bob", "razeedeploy", "false", "guest", "bob ", "zo\u00eb", "__proto__", "constructor", "deployer"],
  ...[account("deployer"), account("razeedeploy-sa", "razeedeploy"), "system:serviceaccount:a:b:c", "team-b:deployer"],
];

/** A name that a requester has, or that an object declares. */
export const name = fc.constantFrom(...names);

/** Values that are not names, or that stand in place of another type. */
export const odd = fc.oneof(
  fc.constantFrom<unknown>(null, "", 5, 0, true, false, 2 ** 53, [], {}, ["bob"], { name: "bob" }),
  fc.string({ unit: "binary" }),
);

/** The first in five of six cases, else the second. */
export const mostly = <T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: unusual });

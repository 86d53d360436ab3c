import fc from "fast-check";
import { serviceAccountUsername } from "../../../lib/index.ts";

const account = (name: string, namespace = "team-a"): string => serviceAccountUsername({ namespace, name });

// Few values, so that requesters, declared names, privileged values, defaults and answers meet often.
const names = [
  ...["alice", "bob", "razeedeploy", "false", "guest", "bob ", "zo\u00eb", "__proto__", "constructor", "deployer"],
  ...[account("deployer"), account("razeedeploy-sa", "razeedeploy"), "system:serviceaccount:a:b:c", "team-b:deployer"],
];

/** A name that somebody has, or declares. */
export const name = fc.constantFrom(...names);

/** What is no name, or stands where something else belongs. */
export const odd = fc.oneof(
  fc.constantFrom<unknown>(null, "", 5, 0, true, false, 2 ** 53, [], {}, ["bob"], { name: "bob" }),
  fc.string({ unit: "binary" }),
);

/** Five times in six the one, else the other. */
export const mostly = <T>(usual: fc.Arbitrary<T>, unusual: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: unusual });

import { expect, test } from "vitest";
import { describeAbsent } from "../../../../infra/cluster/absent-resources.ts";
import { readPolicy } from "../../../../lib/policy/index.ts";

const target = (group: string, ...resources: readonly string[]) => ({
  ...{ group, versions: ["v1"], resources },
  fields: ["spec.user"],
});
const policy = readPolicy({
  name: "test",
  targets: [target("a.io", "apples", "pears"), target("a.io", "plums"), target("b.io", "robots"), target("", "pods")],
});

test.for([
  ["nothing", [], ""],
  ["one resource of a group", ["plums.a.io"], "plums.a.io"],
  ["some of a group", ["apples.a.io", "plums.a.io"], "apples and plums of a.io"],
  ["a whole group, from two targets", ["apples.a.io", "pears.a.io", "plums.a.io"], "a.io"],
  ["the only one of a group, and of the core group", ["robots.b.io", "pods."], "robots.b.io, pods"],
  ["all three forms", ["apples.a.io", "pears.a.io", "robots.b.io"], "robots.b.io; apples and pears of a.io"],
] as const)("%s", ([, names, expected]) => {
  const absent = names.map((name) => {
    const [resource = "", ...group] = name.split(".");
    return { resource, group: group.join(".") };
  });
  expect(describeAbsent(policy, absent)).toBe(expected);
});

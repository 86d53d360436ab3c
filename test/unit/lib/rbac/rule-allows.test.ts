import { describe, expect, test } from "vitest";
import { type PolicyRule, ruleAllows, ruleAllowsPath } from "../../../../lib/rbac/rule-allows.ts";
import { asked } from "./build.ts";

const get: PolicyRule = {
  verbs: ["get"],
  apiGroups: [""],
  resources: ["pods"],
  resourceNames: [],
  nonResourceURLs: [],
};
const getPods = asked({ verb: "get", resource: "pods", name: "" });

describe("a rule allows", () => {
  test.each<[string, Partial<PolicyRule>, Parameters<typeof asked>[0], boolean]>([
    // what                                      rule                                     question                                yes?
    ["what it names", {}, {}, true],
    ["every name where it lists none", {}, { name: "web-0" }, true],

    ["no other verb", {}, { verb: "list" }, false],
    ["one of several verbs", { verbs: ["list", "get"] }, {}, true],
    ["every verb by *", { verbs: ["*"] }, { verb: "impersonate" }, true],
    ["invented verbs by * too", { verbs: ["*"] }, { verb: "impersonate:user-info" }, true],
    ["the verb * not by get", {}, { verb: "*" }, false],
    ["the verb * by *", { verbs: ["*"] }, { verb: "*" }, true],
    ["no verb without verbs", { verbs: [] }, {}, false],
    ["verbs case by case", {}, { verb: "Get" }, false],
    ["no verb by prefix", { verbs: ["ge*"] }, {}, false],
    ["the empty verb by *", { verbs: ["*"] }, { verb: "" }, true],

    ["no other group", {}, { group: "apps" }, false],
    ["one of several groups", { apiGroups: ["", "apps"] }, { group: "apps" }, true],
    ["every group by *", { apiGroups: ["*"] }, { group: "apps" }, true],
    ["the group * not by the core group", {}, { group: "*" }, false],
    ["no group without groups", { apiGroups: [] }, {}, false],

    ["no other resource", {}, { resource: "nodes" }, false],
    ["resources case by case", {}, { resource: "Pods" }, false],
    ["every resource by *", { resources: ["*"] }, { resource: "nodes" }, true],
    ["no resource without resources", { resources: [] }, {}, false],
    ["no resource by prefix", { resources: ["po*"] }, {}, false],

    ["no subresource by its resource", {}, { subresource: "log" }, false],
    ["a subresource", { resources: ["pods/log"] }, { subresource: "log" }, true],
    ["no other subresource", { resources: ["pods/log"] }, { subresource: "exec" }, false],
    ["no resource by its subresource", { resources: ["pods/log"] }, {}, false],
    ["every subresource by *", { resources: ["*"] }, { subresource: "log" }, true],
    ["a subresource of every resource", { resources: ["*/scale"] }, { subresource: "scale" }, true],
    ["nothing else of every resource", { resources: ["*/scale"] }, { subresource: "status" }, false],
    ["no subresource by its ending", { resources: ["*/scale"] }, { subresource: "upscale" }, false],
    ["no resource itself by */scale", { resources: ["*/scale"] }, { resource: "scale" }, false],
    ["no resource by */", { resources: ["*/"] }, {}, false],
    ["pods/* is not a wildcard", { resources: ["pods/*"] }, { subresource: "log" }, false],
    ["*/* is not a wildcard", { resources: ["*/*"] }, { subresource: "log" }, false],
    ["a subresource written in one", { resources: ["pods/log"] }, { resource: "pods/log" }, true],
    ["written in one not by */log", { resources: ["*/log"] }, { resource: "pods/log" }, false],

    ["the name that it lists", { resourceNames: ["a", "b"] }, { name: "b" }, true],
    ["no other name", { resourceNames: ["a"] }, { name: "b" }, false],
    ["names case by case", { resourceNames: ["a"] }, { name: "A" }, false],
    ["not the empty name where it lists names", { resourceNames: ["a"] }, { name: "" }, false],
    ["the empty name where it lists that", { resourceNames: [""] }, { name: "" }, true],
    ["not all names by *", { resourceNames: ["*"] }, { name: "a" }, false],
    ["the name * where it lists that", { resourceNames: ["*"] }, { name: "*" }, true],
    ["not the name * where it lists others", { resourceNames: ["a"] }, { name: "*" }, false],

    ["whatever the version", {}, { version: "v9nonsense" }, true],
    ["whatever the namespace", {}, { namespace: "t1" }, true],
  ])("%s", (_, rule, question, yes) => {
    expect(ruleAllows({ ...get, ...rule }, { ...getPods, ...question })).toBe(yes);
  });
});

describe("a rule on paths allows", () => {
  test.each<[string, readonly string[], readonly string[], boolean]>([
    // what                            verbs     nonResourceURLs       yes?
    ["the path that it names", ["get"], ["/metrics"], true],
    ["every path", ["*"], ["*"], true],
    ["a path that begins like it", ["get"], ["/met*"], true],
    ["a path that begins like it, however many stars end it", ["get"], ["/met**"], true],
    ["no path that goes on", ["get"], ["/met"], false],
    ["no star inside a path", ["get"], ["/*trics"], false],
    ["a star inside a path as a character", ["get"], ["/a*b*"], true],
    ["no path without its slash", ["get"], ["metrics"], false],
    ["no other verb", ["post"], ["/metrics"], false],
    ["nothing where it lists no path", ["get"], [], false],
  ])("%s", (_, verbs, nonResourceURLs, yes) => {
    const rule = { verbs, apiGroups: ["*"], resources: ["*"], resourceNames: [], nonResourceURLs };
    const path = nonResourceURLs.includes("/a*b*") ? "/a*bc" : "/metrics";
    expect(ruleAllowsPath(rule, { verb: "get", path })).toBe(yes);
  });
});

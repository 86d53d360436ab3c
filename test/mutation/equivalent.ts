import type { Justified } from "./check.ts";

/**
 * Mutants that no test can tell from the code, or that never end. Each entry gives the reason. A row in a test is better than an entry, and
 * the best is code in which every change is a change of behaviour.
 */
export const equivalent: readonly Justified[] = [
  {
    file: "lib/decision/compare-json.ts",
    code: 'while (stack.length > 0) { const b = stack.pop(); const a = stack.pop(); if (typeof a === "symbol" && typeof b === "symbol") { if (!sameText(a, b)) return "different"; } else if (Array.isArray(a) && Array.isArray(b)) { if (a.length !== b.length) return "different"; // Equal plain values are left out, so that a long list does not fill the stack. for (let index = 0; index < a.length; index++) if (a[index] !== b[index] || isInexact(a[index])) stack.push(a[index], b[index]); } else if (isObject(a) && isObject(b)) { const keys = Object.keys(a); if (keys.length !== Object.keys(b).length) return "different"; for (const key of keys) { if (!Object.hasOwn(b, key)) return "different"; stack.push(a[key], b[key]); } } else if (a !== b) { return "different"; } else if (isInexact(a)) { outcome = "alike"; } }',
    mutant: "while (stack.length > 0) {}",
    why: "It never ends: nothing is taken from the stack.",
  },
  {
    file: "lib/decision/compare-json.ts",
    code: "while (stack.length > 0) {",
    mutant: "while (stack.length >= 0) {",
    why: "It never ends: an empty stack gives undefined twice, which is equal.",
  },
  {
    file: "lib/decision/compare-json.ts",
    code: "for (let index = 0; index < a.length; index++)",
    mutant: "for (let index = 0; index <= a.length; index++)",
    why: "Beyond their ends two lists of the same length both give undefined, which is equal.",
  },
  {
    file: "lib/decision/compare-json.ts",
    code: "for (let index = 0; index < a.length; index++)",
    mutant: "for (let index = 0; index < a.length; index--)",
    why: "It never ends: the index stays below the length.",
  },
  {
    file: "lib/decision/compare-json.ts",
    code: "if (a[index] !== b[index] || isInexact(a[index])) stack.push(a[index], b[index]);",
    mutant: "if (true) stack.push(a[index], b[index]);",
    why: "Equal and exact elements are found equal when they are taken from the stack. The condition only saves memory.",
  },
  {
    file: "lib/decision/identity-field.ts",
    code: 'if (place) return { ...review, field, rule: field, place, at: place.at, declared: "", inherited: false };',
    mutant: 'if (place) return { ...review, field, rule: field, place, at: place.at, declared: "", inherited: true };',
    why: "A misspelt member is refused before it matters whether an earlier writer named the identity.",
  },
  {
    file: "lib/decision/judge-subresource.ts",
    code: '...identityFieldsOf({ ...review, writes: "field-by-subresource", object, before }, written),',
    mutant: '...identityFieldsOf({ ...review, writes: "", object, before }, written),',
    why: "The value is compared with the two other values only, and differs from both.",
  },
  {
    file: "lib/identity/service-account.ts",
    code: 'const [, namespace = "", name = ""] = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(username) ?? [];',
    mutant:
      'const [, namespace = "", name = "Stryker was here!"] = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(username) ?? [];',
    why: "Where the username does not parse, any text works that is neither a label nor a subdomain.",
  },
  {
    file: "lib/identity/service-account.ts",
    code: 'const [, namespace = "", name = ""] = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(username) ?? [];',
    mutant:
      'const [, namespace = "Stryker was here!", name = ""] = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(username) ?? [];',
    why: "Where the username does not parse, any text works that is neither a label nor a subdomain.",
  },
  {
    file: "lib/identity/service-account.ts",
    code: 'const [, namespace = "", name = ""] = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(username) ?? [];',
    mutant:
      'const [, namespace = "", name = ""] = /^system:serviceaccount:([^:]*):([^:]*)$/.exec(username) ?? ["Stryker was here"];',
    why: "The first element, the whole match, is not used.",
  },
  {
    file: "lib/policy/check-targets.ts",
    code: 'typeof last === "object" &&',
    mutant: "true &&",
    why: "A path ends in a key; the compiler cannot know. The other steps have no `key` either.",
  },
  {
    file: "lib/policy/policy.ts",
    code: 'typeof first === "object" && first.key === part;',
    mutant: "true && first.key === part;",
    why: 'A path begins with a key; the compiler cannot know. "each" has no `key` either.',
  },
  {
    file: "lib/policy/check-targets.ts",
    code: 'const mayBeInFull = form === "namespace:name" || (typeof form === "object" && form.colon === true);',
    mutant: 'const mayBeInFull = form === "namespace:name" || (true && form.colon === true);',
    why: "A text has no member `colon`; the compiler cannot know.",
  },
  {
    file: "lib/policy/path.ts",
    code: "if (!isObject(value)) return undefined;",
    mutant: "if (false) return undefined;",
    why: "A list has no member of that name, and none of another spelling of it.",
  },
  {
    file: "lib/policy/path.ts",
    code: 'if (isObject(at) && typeof first === "object" && member(at, first.key) !== undefined) {',
    mutant: "if (isObject(at) && true && member(at, first.key) !== undefined) {",
    why: "Behind any depth a path goes on with a key; the compiler cannot know.",
  },
  {
    file: "lib/policy/path.ts",
    code: "for (let each: Part | undefined = part; each?.key !== undefined; each = each.parent) keys.push(each.key);",
    mutant: "for (let each: Part | undefined = part; each.key !== undefined; each = each.parent) keys.push(each.key);",
    why: "The value itself has no key, so the way ends before its parent; the compiler cannot know.",
  },
  ...["true", 'request.caller !== ""'].map((mutant) => ({
    file: "lib/proxy/conclude-request.ts",
    code: 'const token = request.caller !== "anonymous" && request.caller.credential === "token";',
    mutant: `const token = ${mutant} && request.caller.credential === "token";`,
    why: "The text has no credential; the compiler cannot know.",
  })),
  ...["false", 'caller === ""'].map((mutant) => ({
    file: "lib/proxy/judge-request.ts",
    code: 'const own = caller === "anonymous" ? undefined : caller.user;',
    mutant: `const own = ${mutant} ? undefined : caller.user;`,
    why: "The text has no user; the compiler cannot know.",
  })),
  {
    file: "lib/proxy/query.ts",
    code: "} catch { return undefined; }",
    mutant: "} catch {}",
    why: "A function that ends without a value returns undefined; the compiler wants it written.",
  },
  {
    file: "lib/rbac/rbac-objects.ts",
    code: 'return typeof value === "string" ? value : "";',
    mutant: 'return typeof value === "string" ? value : "Stryker was here!";',
    why: "Any text works that is neither a kind nor an API group.",
  },
  {
    file: "lib/review/read-review.ts",
    code: "} catch { return undefined; }",
    mutant: "} catch {}",
    why: "A function that ends without a value returns undefined; the compiler wants it written.",
  },
];

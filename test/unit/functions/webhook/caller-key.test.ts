import { describe, expect, test } from "vitest";
import { hashOfKey, isCallerKey, isKeyHash } from "../../../../functions/webhook/caller-key.ts";

/** `printf secret | sha256sum` */
const secret = "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

test("a key is stored as the SHA-256 of its text, as sha256sum prints it", () => {
  expect(hashOfKey("secret")).toBe(secret);
  expect(hashOfKey("schlüssel")).not.toBe(hashOfKey("schlussel"));
});

describe("a hash is", () => {
  test.each<[string, unknown, boolean]>([
    ["sha256: and 64 hexadecimal digits", secret, true],
    ["not without sha256:", secret.slice(7), false],
    ["not of another algorithm", secret.replace("sha256", "sha512"), false],
    ["not one digit shorter", secret.slice(0, -1), false],
    ["not one digit longer", `${secret}0`, false],
    ["not in capitals", secret.toUpperCase(), false],
    ["not with a line break at its end", `${secret}\n`, false],
    ["not a key", "secret", false],
    ["not nothing", undefined, false],
    ["not a list", [secret], false],
  ])("%s", (_, value, is) => {
    expect(isKeyHash(value)).toBe(is);
  });
});

describe("a key matches", () => {
  const hashes = [hashOfKey("old"), hashOfKey("new")] as const;

  test.each<[string, string, readonly ReturnType<typeof hashOfKey>[], boolean]>([
    ["whose only hash is its own", "old", hashes.slice(0, 1), true],
    ["whose first hash is its own", "old", hashes, true],
    ["whose second hash is its own", "new", hashes, true],
    ["not where both hashes are of other keys", "older", hashes, false],
    ["not where the key is the hash itself", hashes[0], hashes, false],
    ["not where there is no hash", "old", [], false],
    ["not where the key is all zeros, which every key is compared with", "\0".repeat(32), [], false],
    ["not where the key is empty", "", hashes, false],
    ["not where the key is empty and the hash is that of an empty key", "", [hashOfKey("")], false],
  ])("%s", (_, key, known, is) => {
    expect(isCallerKey(key, known)).toBe(is);
  });
});

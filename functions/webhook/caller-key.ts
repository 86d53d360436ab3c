import { createHash, timingSafeEqual } from "node:crypto";

/** The stored form of a key: `sha256:` and the 64 hexadecimal digits of the SHA-256 of its text. */
export type KeyHash = `sha256:${string}`;

export function isKeyHash(value: unknown): value is KeyHash {
  return typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value);
}

const digest = (key: string): Buffer => createHash("sha256").update(key).digest();

export function hashOfKey(key: string): KeyHash {
  return `sha256:${digest(key).toString("hex")}`;
}

const noDigest = Buffer.alloc(32);

/**
 * Whether a key has one of the given hashes. An empty key never matches, even if its hash is registered. Takes the same time for a wrong
 * key, a cluster without keys and an unknown cluster: every hash is compared, and one more in any case.
 */
export function isCallerKey(key: string, hashes: readonly KeyHash[]): boolean {
  const given = digest(key);
  timingSafeEqual(given, noDigest);
  return hashes.map((hash) => timingSafeEqual(given, Buffer.from(hash.slice(7), "hex"))).includes(true) && key !== "";
}

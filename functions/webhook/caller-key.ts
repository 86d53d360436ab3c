import { createHash, timingSafeEqual } from "node:crypto";

/** How a key is kept: `sha256:` and the 64 hexadecimal digits of the SHA-256 of its text. */
export type KeyHash = `sha256:${string}`;

export function isKeyHash(value: unknown): value is KeyHash {
  return typeof value === "string" && /^sha256:[0-9a-f]{64}$/.test(value);
}

const digest = (key: string): Buffer => createHash("sha256").update(key).digest();

export function hashOfKey(key: string): KeyHash {
  return `sha256:${digest(key).toString("hex")}`;
}

const nobody = Buffer.alloc(32);

/**
 * Whether a key is one of those whose hashes are given; nothing is no key, whatever its hash. Takes the same time for a wrong key, a
 * cluster without keys and one that is not there: every hash is compared, and one in any case.
 */
export function isCallerKey(key: string, hashes: readonly KeyHash[]): boolean {
  const given = digest(key);
  timingSafeEqual(given, nobody);
  return hashes.map((hash) => timingSafeEqual(given, Buffer.from(hash.slice(7), "hex"))).includes(true) && key !== "";
}

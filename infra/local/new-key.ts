import { randomBytes } from "node:crypto";

/** A key of 256 bits, in letters that no gateway or proxy on the way to the function rewrites. */
export function newKey(): string {
  return randomBytes(32).toString("base64url");
}

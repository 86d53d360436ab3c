import { readFileSync } from "node:fs";
import { type OwnAuthority, readOwnAuthority } from "../certificates/own-authority.ts";
import { followFiles } from "./follow-files.ts";
import type { ServerLog } from "./log-entries.ts";

/**
 * Reads the CAs of our own configuration from a file, and again when it changes. A file that cannot be used later leaves the CAs as they
 * are.
 *
 * @throws an error whose message says what is wrong with it
 */
export function ownAuthorityIn(
  file: string,
  allowedNames: ReadonlySet<string>,
  log: ServerLog,
  pause?: number,
): () => OwnAuthority {
  const text = readFileSync(file, "utf8");
  let own: OwnAuthority = { cas: readOwnAuthority(text), allowedNames };
  const what = "the own client CA";
  followFiles(
    [file],
    [text],
    ([changed = ""]) => {
      own = { cas: readOwnAuthority(changed), allowedNames };
      log({ event: "reload", what });
    },
    (problem) => log({ event: "reload", what, problem }),
    pause,
  );
  return () => own;
}

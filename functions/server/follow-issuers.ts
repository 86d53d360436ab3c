import { openTokenIssuers, type TokenIssuers, type TokenIssuersOptions } from "../oidc/open-token-issuers.ts";
import { followFiles } from "./follow-files.ts";
import type { ServerLog } from "./log-entries.ts";

/**
 * Opens the issuers of an `AuthenticationConfiguration` file, and reads it again when it changes. A file with a fault leaves the issuers as
 * they are. Throws where the first text cannot be used.
 *
 * @param pause milliseconds between two looks at the file
 */
export function followIssuers(
  { file, text }: { readonly file: string; readonly text: string },
  options: TokenIssuersOptions,
  log: ServerLog,
  pause?: number,
): TokenIssuers {
  const what = "authentication configuration";
  let issuers = openTokenIssuers(text, options);
  const unfollow = followFiles(
    [file],
    [text],
    ([changed = ""]) => {
      // Requests that wait for the keys of the old ones get them.
      issuers = openTokenIssuers(changed, options);
      log({ event: "reload", what });
    },
    (problem) => log({ event: "reload", what, problem }),
    pause,
  );
  return {
    identify: (token, deadline) => issuers.identify(token, deadline),
    close: () => {
      unfollow();
      issuers.close();
    },
  };
}

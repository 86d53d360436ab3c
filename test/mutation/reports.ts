/** Where a run leaves what it found, from the project's root; git ignores it. */
export const reports = {
  json: ".local/mutation/mutation.json",
  html: ".local/mutation/index.html",
  /** What is used again while nothing changes. */
  kept: ".local/mutation/kept",
  sandbox: ".local/mutation/sandbox",
} as const;

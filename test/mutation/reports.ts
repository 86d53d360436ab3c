/** Where a run leaves what it found, from the project's root; git ignores it. */
export const reports = {
  json: ".local/mutation/mutation.json",
  html: ".local/mutation/index.html",
  /** The results of rooms without findings. */
  kept: ".local/mutation/kept",
  sandbox: ".local/mutation/sandbox",
} as const;

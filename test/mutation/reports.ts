/** The paths of a run's reports, relative to the project's root; git ignores them. */
export const reports = {
  json: ".local/mutation/mutation.json",
  html: ".local/mutation/index.html",
  /** The results of rooms without findings. */
  kept: ".local/mutation/kept",
  sandbox: ".local/mutation/sandbox",
} as const;

import { readFile } from "node:fs/promises";

/** Milliseconds between two looks. The kubelet replaces the files of a Secret within a minute or so. */
const usualPause = 10_000;

/**
 * Reads files again and again, and calls `changed` with their texts where one of them differs from the last time. The files are read, not
 * watched: a Secret's files are links to a folder that is replaced. What `changed` throws, and a file that cannot be read, goes to `failed`,
 * once for each new fault; the next look is another attempt.
 *
 * @returns a function that ends it
 */
export function followFiles(
  files: readonly string[],
  texts: readonly string[],
  changed: (texts: readonly string[]) => void,
  failed: (problem: string) => void,
  pause = usualPause,
): () => void {
  let known = JSON.stringify(texts);
  let fault: string | undefined;
  let isLooking = false;
  const look = async (): Promise<void> => {
    if (isLooking) return;
    isLooking = true;
    try {
      const now = await Promise.all(files.map((file) => readFile(file, "utf8")));
      const text = JSON.stringify(now);
      if (text !== known) {
        changed(now);
        known = text;
      }
      fault = undefined;
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      if (problem !== fault) failed(problem);
      fault = problem;
    } finally {
      isLooking = false;
    }
  };
  const timer = setInterval(() => void look(), pause);
  timer.unref();
  return () => clearInterval(timer);
}

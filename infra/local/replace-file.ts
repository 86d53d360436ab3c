import { renameSync, writeFileSync } from "node:fs";

/** Replaces a file in one step, so that no reader sees half of it, and with this mode, whatever it had. */
export function replaceFile(file: string, text: string, mode: number): void {
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, text, { mode });
  renameSync(draft, file);
}

/** Says how far a long command is: on a terminal in one line that is written over, elsewhere in a line every few seconds. */
export interface Progress {
  readonly at: (text: string) => void;
  /** Takes the line away, before something else is written to the terminal. */
  readonly clear: () => void;
}

const lineEvery = 5_000;
const rewriteEvery = 100;
const eraseLine = "\r\u001b[2K";

export function progressOn(stream: Pick<NodeJS.WriteStream, "write" | "isTTY">, now = Date.now): Progress {
  let last = stream.isTTY ? 0 : now();
  let shown = false;
  return {
    at: (text) => {
      if (now() - last < (stream.isTTY ? rewriteEvery : lineEvery)) return;
      last = now();
      shown = stream.isTTY;
      stream.write(stream.isTTY ? `${eraseLine}${text}` : `${text}\n`);
    },
    clear: () => {
      if (shown) stream.write(eraseLine);
      shown = false;
    },
  };
}

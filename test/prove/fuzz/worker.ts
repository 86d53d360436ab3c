import { parentPort } from "node:worker_threads";
import { type Slice, trySlice } from "./slice.ts";

// A thread that tries one slice after the other, as it is told.
parentPort?.on("message", async (slice: Slice) => {
  parentPort?.postMessage(await trySlice(slice));
});

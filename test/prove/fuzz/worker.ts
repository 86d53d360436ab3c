import { parentPort } from "node:worker_threads";
import { type Slice, trySlice } from "./slice.ts";

// A thread that tries the slices it receives, one after the other.
parentPort?.on("message", async (slice: Slice) => {
  parentPort?.postMessage(await trySlice(slice));
});

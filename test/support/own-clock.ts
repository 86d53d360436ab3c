import { vi } from "vitest";

const step = 5;

/**
 * A clock that stands still while this process does: it goes on by a few milliseconds in each turn of the event loop. On a machine that is
 * busy with something else no deadline passes while the work before it waits for the processor. Dates, timers and `performance.now()` of
 * this process follow it; other processes and `AbortSignal.timeout` do not.
 */
export const useOwnClock = (): void =>
  void vi.useFakeTimers({
    toFake: ["Date", "performance", "setTimeout", "clearTimeout", "setInterval", "clearInterval"],
    fakeNodeBuiltins: true,
    shouldAdvanceTime: true,
    advanceTimeDelta: step,
  });

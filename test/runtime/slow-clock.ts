/** How many times slower. */
const slowness = 10;

const preload = `const { now } = Date;
const { setTimeout: call, AbortSignal: signals, performance: clock } = globalThis;
const [begun, timeout, elapsed] = [now(), signals.timeout, clock.now.bind(clock)];
Date.now = () => Math.round(begun + (now() - begun) / ${slowness});
clock.now = () => elapsed() / ${slowness};
globalThis.setTimeout = (listener, milliseconds, ...given) => call(listener, ${slowness} * milliseconds, ...given);
signals.timeout = (milliseconds) => timeout.call(signals, ${slowness} * milliseconds);`;

/**
 * The environment of an instance whose clock and timers are slow, so that a busy machine does within a limit of the function's what an idle
 * one does.
 */
export const slowClock = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(preload)}` };

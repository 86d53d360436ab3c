import { setImmediate as tick } from "node:timers/promises";
import { expect, test } from "vitest";
import { queue, queueIsFull } from "../../../../functions/net/queue.ts";

const never = new AbortController().signal;

/** Work that ends when the test says so. */
const workshop = () => {
  const begun: string[] = [];
  const finish = new Map<
    string,
    { readonly resolve: (name: string) => void; readonly reject: (error: Error) => void }
  >();
  const work = (name: string) => () => {
    begun.push(name);
    return new Promise<string>((resolve, reject) => finish.set(name, { resolve, reject }));
  };
  const done = async (name: string) => {
    finish.get(name)?.resolve(name);
    await tick();
  };
  return { begun, finish, work, done };
};

test("a limited number runs at once, the others in the order in which they came", async () => {
  const { begun, work, done } = workshop();
  const inTurn = queue(2, 10);
  const all = ["a", "b", "c", "d"].map((name) => inTurn(never, work(name)));
  await tick();
  expect(begun).toEqual(["a", "b"]);
  await done("b");
  expect(begun).toEqual(["a", "b", "c"]);
  const late = inTurn(never, work("e"));
  await done("c");
  expect(begun).toEqual(["a", "b", "c", "d"]);
  for (const name of ["a", "d", "e"]) await done(name);
  expect(await Promise.all([...all, late])).toEqual(["a", "b", "c", "d", "e"]);
});

test("work that fails gives its slot to the next", async () => {
  const { begun, finish, work, done } = workshop();
  const inTurn = queue(1, 10);
  const failing = inTurn(never, work("a"));
  const next = inTurn(never, work("b"));
  finish.get("a")?.reject(new Error("broken"));
  await expect(failing).rejects.toThrow("broken");
  await tick();
  expect(begun).toEqual(["a", "b"]);
  await done("b");
  expect(await next).toBe("b");
});

test("work beyond the limit of waiting is refused at once, and is accepted again when a place is free", async () => {
  const { begun, work, done } = workshop();
  const inTurn = queue(1, 1);
  const first = inTurn(never, work("a"));
  const second = inTurn(never, work("b"));
  await expect(inTurn(never, work("c"))).rejects.toMatchObject({ code: queueIsFull });
  await done("a");
  const third = inTurn(never, work("d"));
  await done("b");
  await done("d");
  expect(await Promise.all([first, second, third])).toEqual(["a", "b", "d"]);
  expect(begun).toEqual(["a", "b", "d"]);
});

test("work whose signal ends the waiting is rejected at once, and leaves the queue", async () => {
  const { begun, work, done } = workshop();
  const inTurn = queue(1, 2);
  const impatient = new AbortController();
  const first = inTurn(never, work("a"));
  const waiting = inTurn(impatient.signal, work("b"));
  const last = inTurn(never, work("c"));
  impatient.abort(new Error("too late"));
  await expect(waiting).rejects.toThrow("too late");
  const another = inTurn(never, work("d"));
  for (const name of ["a", "c", "d"]) await done(name);
  expect(await Promise.all([first, last, another])).toEqual(["a", "c", "d"]);
  expect(begun).toEqual(["a", "c", "d"]);
});

test("work whose signal has ended already does not wait", async () => {
  const { begun, work } = workshop();
  await expect(queue(1, 1)(AbortSignal.abort(new Error("too late")), work("a"))).rejects.toThrow("too late");
  expect(begun).toEqual([]);
});

test("with a thousand pieces of work, some failing and some given up, the limit holds and no slot is lost", async () => {
  const inTurn = queue(3, 1_000);
  let running = 0;
  let most = 0;
  const outcomes = await Promise.allSettled(
    Array.from({ length: 1_000 }, (_, nth) => {
      const impatient = new AbortController();
      if (nth % 7 === 0) setTimeout(() => impatient.abort(), nth % 50);
      return inTurn(impatient.signal, async () => {
        running += 1;
        most = Math.max(most, running);
        await tick();
        running -= 1;
        if (nth % 5 === 0) throw new Error("broken");
      });
    }),
  );
  expect(most).toBe(3);
  expect(running).toBe(0);
  expect(outcomes).toHaveLength(1_000);
  expect(await Promise.all([1, 2, 3].map((nth) => inTurn(never, async () => nth)))).toEqual([1, 2, 3]);
});

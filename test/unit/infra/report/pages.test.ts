import { expect, test } from "vitest";
import { type ApiClient, type ApiReply, ClusterError, ReplyTooLarge } from "../../../../infra/cluster/api-client.ts";
import { pagesOf } from "../../../../infra/report/pages.ts";

/** The members of a client that listing needs: it answers from a list of replies, and remembers what it was asked. */
const scripted = (replies: readonly (ApiReply | Error)[]) => {
  const asked: string[] = [];
  const waiting = [...replies];
  const send: ApiClient["send"] = async ({ path }) => {
    asked.push(path);
    const reply = waiting.shift();
    if (reply === undefined) throw new Error("asked once too often");
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return { asked, api: { context: "test", send, close: () => {} } as unknown as ApiClient };
};

const item = (name: string) => ({ metadata: { namespace: "a", name } });
const page = (names: readonly string[], token = "", remaining?: number): ApiReply => ({
  status: 200,
  body: {
    items: names.map(item),
    metadata: { continue: token, ...(remaining === undefined ? {} : { remainingItemCount: remaining }) },
  },
  warnings: [],
});
const gone = (token?: string): ApiReply => ({
  status: 410,
  body: { message: "expired", metadata: token ? { continue: token } : {} },
  warnings: [],
});

const listed = async (replies: readonly (ApiReply | Error)[], limit = 2) => {
  const { api, asked } = scripted(replies);
  const notes: string[] = [];
  const names: string[] = [];
  const remaining: (number | undefined)[] = [];
  for await (const each of pagesOf(api, "/things", { limit, note: (sentence) => notes.push(sentence) })) {
    names.push(...each.items.map(({ metadata }) => (metadata as { name: string }).name));
    remaining.push(each.remaining);
  }
  return { names, notes, remaining, asked };
};

test("follows the continue tokens to the end", async () => {
  expect(await listed([page(["a", "b"], "t/1=", 3), page(["c", "d"], "t2"), page(["e"])])).toEqual({
    names: ["a", "b", "c", "d", "e"],
    notes: [],
    remaining: [3, undefined, undefined],
    asked: ["/things?limit=2", "/things?limit=2&continue=t%2F1%3D", "/things?limit=2&continue=t2"],
  });
});

test("goes on with the token that comes with a 410", async () => {
  const { names, notes, asked } = await listed([page(["a", "b"], "old"), gone("new"), page(["c"])]);
  expect(names).toEqual(["a", "b", "c"]);
  expect(asked.at(-1)).toBe("/things?limit=2&continue=new");
  expect(notes).toEqual([
    "/things: the API server forgot the snapshot that was being listed; the rest is from a newer one, without what was created before a/b meanwhile",
  ]);
});

test("starts again where no token comes, and leaves out what it had", async () => {
  const { names, asked } = await listed([
    page(["a", "c"], "old"),
    gone(),
    page(["a", "b"], "again"),
    page(["c", "d"], "more"),
    page(["e"]),
  ]);
  expect(names).toEqual(["a", "c", "d", "e"]);
  expect(asked[2]).toBe("/things?limit=2");
});

test("gives up where the snapshot is gone again and again", async () => {
  const replies = [page(["a"], "old"), ...Array.from({ length: 6 }, () => gone("new"))];
  await expect(listed(replies)).rejects.toThrow(new ClusterError("/things cannot be listed: expired"));
});

test("asks for less where a page is too large", async () => {
  const large = new ReplyTooLarge("too large");
  const { names, asked } = await listed([large, page(["a"], "t"), large, page(["b"], "u"), page(["c"])], 10);
  expect(names).toEqual(["a", "b", "c"]);
  expect(asked).toEqual([
    "/things?limit=10",
    "/things?limit=3",
    "/things?limit=3&continue=t",
    "/things?limit=1&continue=t",
    "/things?limit=1&continue=u",
  ]);
});

test("gives up where one object is too large", async () => {
  await expect(listed([new ReplyTooLarge("too large")], 1)).rejects.toThrow(/has an object of more than \d+ bytes/);
});

test("says what the API server said", async () => {
  const forbidden = { status: 403, body: { message: "no" }, warnings: [] };
  await expect(listed([forbidden])).rejects.toThrow(new ClusterError("/things cannot be listed: no"));
  await expect(listed([new ClusterError("gone fishing")])).rejects.toThrow("gone fishing");
});

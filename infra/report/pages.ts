import { isObject, type JsonObject } from "../../lib/meta/json.ts";
import { type ApiClient, ClusterError, messageOf, ReplyTooLarge } from "../cluster/api-client.ts";
import { objectsIn } from "../cluster/discovery.ts";

/** Some objects of a collection, in the order of their namespaces and names. */
export interface Page {
  readonly items: readonly JsonObject[];
  /** How many more there are, as the API server guesses; undefined where it does not. */
  readonly remaining: number | undefined;
}

export interface PageOptions {
  /** The most objects of a page. */
  readonly limit: number;
  /** Takes a sentence that a reader of the result has to know. */
  readonly note: (sentence: string) => void;
  /** The most bytes of a page: where objects are large, pages get shorter. */
  readonly mostBytes?: number;
}

/** Far above one object, which has 3 MiB at most. */
const usualBytes = 32 * 1024 * 1024;
const mostExpirations = 5;

/**
 * Lists a collection page by page; no more than one page is held. Where the API server has forgotten the snapshot (410), it goes on in a
 * newer one from the place that it reached; where the API server offers no way to, it starts again and leaves out what it had.
 *
 * @throws ClusterError where the collection cannot be listed
 */
export async function* pagesOf(api: ApiClient, path: string, options: PageOptions): AsyncGenerator<Page> {
  const { note, mostBytes = usualBytes } = options;
  let { limit } = options;
  let token = "";
  let reached = "";
  let known = "";
  let expirations = 0;
  for (;;) {
    const query = new URLSearchParams({ limit: String(limit), ...(token ? { continue: token } : {}) });
    const reply = await api.send({ path: `${path}?${query}`, mostBytes }).catch((error: unknown) => {
      if (error instanceof ReplyTooLarge) return error;
      throw error;
    });
    if (reply instanceof ReplyTooLarge) {
      if (limit === 1) throw new ClusterError(`${path} has an object of more than ${mostBytes} bytes after ${reached}`);
      limit = Math.ceil(limit / 4);
    } else if (reply.status === 410 && expirations < mostExpirations) {
      expirations += 1;
      token = continueOf(reply.body);
      if (token === "") known = reached;
      note(
        `${path}: the API server forgot the snapshot that was being listed; the rest is from a newer one, without what was created before ${reached || "its first page"} meanwhile`,
      );
    } else if (reply.status !== 200) {
      throw new ClusterError(`${path} cannot be listed: ${messageOf(reply)}`);
    } else {
      expirations = 0;
      token = continueOf(reply.body);
      const items = objectsIn(reply.body["items"]).filter((item) => known === "" || placeOf(item) > known);
      reached = items.length > 0 ? placeOf(items.at(-1) ?? {}) : reached;
      yield { items, remaining: remainingOf(reply.body) };
      if (token === "") return;
    }
  }
}

const metadataOf = ({ metadata }: JsonObject): JsonObject => (isObject(metadata) ? metadata : {});

/** Of a collection, and of the error that says that a snapshot is gone (`metav1.ListMeta`). */
const continueOf = (body: JsonObject): string => String(metadataOf(body)["continue"] ?? "");

const remainingOf = (body: JsonObject): number | undefined => {
  const { remainingItemCount } = metadataOf(body);
  return typeof remainingItemCount === "number" ? remainingItemCount : undefined;
};

/** `namespace/name`: collections are stored, and listed, in this order. */
const placeOf = (item: JsonObject): string => {
  const { namespace, name } = metadataOf(item);
  return `${namespace ?? ""}/${name ?? ""}`;
};

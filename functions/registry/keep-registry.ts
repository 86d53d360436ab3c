import { within } from "../net/within.ts";
import type { RefreshFailedEntry, RegistryEntry } from "./log-entries.ts";
import type { Registry } from "./read-registry.ts";
import type { LoadRegistry, RegistryDocument } from "./registry-source.ts";
import { sentenceOf } from "./sentence-of.ts";

/** A registry that is read again when it is old. No method rejects; deadlines are in milliseconds since the epoch. */
export interface KeptRegistry<Cluster> extends Registry<Cluster> {
  /** Of the copy that is used, in milliseconds. */
  readonly age: () => number;
  /** Resolves when the first reading has ended, in success or failure. */
  readonly started: Promise<void>;
  /**
   * Called before a cluster is looked up. Reads the registry where there is none yet, and again where it is a tenth older than its age: an
   * instance that was frozen since its last call may hold clusters that were changed or removed meanwhile.
   *
   * @returns why its clusters cannot be relied on, a sentence for the requester; undefined where they can
   */
  readonly current: (deadline: number) => Promise<string | undefined>;
  /**
   * Reads it again if it is old. Called beside a decision, which uses the registry as it was at the start, and awaited before the answer is
   * sent: afterwards Lambda freezes the instance.
   */
  readonly refreshed: (deadline: number) => Promise<void>;
  /**
   * Reads it again because an API server refused a cluster's credentials (401).
   *
   * @returns the entry that has the cluster's name now, which may be another cluster; undefined where it is still the same or gone
   */
  readonly renewed: (cluster: Cluster, deadline: number) => Promise<Cluster | undefined>;
}

export interface Keeping<Cluster> {
  readonly load: LoadRegistry;
  /** Throws where none of the documents can be read. */
  readonly read: (documents: readonly RegistryDocument[]) => Registry<Cluster>;
  /** The age in milliseconds at which it is read again. */
  readonly maxAge: number;
  /** The age in milliseconds at which it is no longer used. */
  readonly deadAge: number;
  readonly log: (entry: RegistryEntry | RefreshFailedEntry) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** The time limit of one reading in milliseconds, whatever time its caller has: strangers can write the `timeout` of a call too. */
const patience = 3_000;
/** The least time between a failed reading and the next. */
const pause = 5_000;
/** The least time between two readings for other credentials, which every review would start while they are wrong. */
const renewalPause = 1_000;
/** How much older than its age a registry may be while it is read again beside a decision. */
const tolerance = 1.1;
/** The part of a caller's time that is reserved for writing a denial. */
const writing = 100;
/** Every caller waits at least this long for a reading. If calls ended at once, each would freeze it again, and it would never end. */
const leastWait = 400;

const slow = "the registry of clusters is too old, and reading it again takes too long; try again";
const dead = (known: number): string =>
  `the registry of clusters was last read at ${new Date(known).toISOString()}, and every later reading failed; the log says why`;

/**
 * Keeps a registry: loads it at once, and reads it again when it is old, one reading at a time. Where it cannot be read, the last good copy
 * is used until its dead age, and its age is logged. Where nothing has changed, the clusters stay as they are, with their connections and
 * tokens.
 */
export function keepRegistry<Cluster extends { readonly name: string }>({
  load,
  read,
  maxAge,
  deadAge,
  log,
  now = Date.now,
}: Keeping<Cluster>): KeptRegistry<Cluster> {
  let registry: Registry<Cluster> = { clusters: new Map(), problems: [] };
  /** The documents that were read last, as JSON; undefined before the first success. */
  let text: string | undefined;
  /** The start of the last successful reading, the start of the last reading, and the time before which none starts. */
  let known = Number.NEGATIVE_INFINITY;
  let asked = Number.NEGATIVE_INFINITY;
  let resting = Number.NEGATIVE_INFINITY;
  let running: Promise<void> | undefined;

  const age = (): number => now() - known;
  const isOld = (): boolean => age() >= tolerance * maxAge;
  const isResting = (): boolean => now() < resting;

  const readNow = async (rest: number): Promise<void> => {
    asked = now();
    try {
      const documents = await load(asked + patience);
      const current = JSON.stringify(documents);
      if (current !== text) {
        registry = read(documents);
        text = current;
        log({ event: "registry", clusters: registry.clusters.size, problems: registry.problems });
      }
      known = asked;
    } catch (error) {
      // A reading that was frozen half-way says nothing about its source.
      resting = now() - asked < 2 * patience ? now() + rest : now();
      const message = sentenceOf(error);
      if (text === undefined) log({ event: "registry", clusters: 0, problems: [message] });
      else log({ event: "refresh-failed", message, ageSeconds: Math.round(age() / 1000) });
    }
  };

  /** One at a time: later callers wait for the one that is running. */
  const reading = (deadline: number, rest = pause): Promise<void> => {
    running ??= readNow(rest).finally(() => {
      running = undefined;
    });
    return within(deadline - now(), running);
  };

  // Where many instances start at once the source may be overloaded, so the first caller may try again at once.
  const started = reading(now() + patience, 0);
  return {
    age,
    started,
    get clusters() {
      return registry.clusters;
    },
    get problems() {
      return registry.problems;
    },
    current: async (deadline) => {
      const until = Math.max(deadline - writing, now() + leastWait);
      // Twice: a reading that is running already may have begun before a freeze, or at the start.
      for (let turn = 1; turn <= 2 && isOld() && !isResting(); turn++) await reading(until);
      if (text === undefined) return undefined;
      if (isOld() && running) return slow;
      return age() >= deadAge ? dead(known) : undefined;
    },
    refreshed: async (deadline) => {
      if (running || (age() >= maxAge && !isResting())) await reading(deadline);
    },
    renewed: async (cluster, deadline) => {
      if (running || (now() - asked >= renewalPause && !isResting())) await reading(deadline);
      const other = registry.clusters.get(cluster.name);
      return other === cluster ? undefined : other;
    },
  };
}

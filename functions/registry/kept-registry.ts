import { isRefusal } from "../access/access-failure.ts";
import type { RefreshFailedEntry, RegistryEntry } from "../telemetry/telemetry.ts";
import type { Cluster, Registry } from "./clusters.ts";
import type { LoadRegistry, RegistryDocument } from "./registry-source.ts";

/** A registry that is read again when it is old. Neither method rejects; deadlines are in milliseconds since the epoch. */
export interface KeptRegistry extends Registry {
  /** Resolves when there is a registry, or when there is none yet and one more attempt at it failed. */
  readonly loaded: (deadline: number) => Promise<void>;
  /**
   * Reads it again if it is old. Called beside a decision, which goes by what was known when it began, and awaited before the answer is
   * sent: Lambda freezes whatever is still under way then.
   */
  readonly refreshed: (deadline: number) => Promise<void>;
}

export interface Keeping {
  readonly load: LoadRegistry;
  /** Throws where none of the documents can be read. */
  readonly read: (documents: readonly RegistryDocument[]) => Registry;
  /** How old the registry may become, in milliseconds. */
  readonly maxAge: number;
  readonly log: (entry: RegistryEntry | RefreshFailedEntry) => void;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** One attempt may take no longer: whoever waits for it has an API server that waits. */
const patience = 3_000;
/** Before a failed attempt is repeated; the first one may be at once, for a cold start fails when all start. */
const pause = 10_000;
/** Credentials that every review shows to be wrong are not asked for more often. */
const renewalPause = 1_000;

/** Waits for what is under way, but not beyond a deadline: it may have been begun for a review that had more time. */
const within = async (milliseconds: number, work: Promise<void> | undefined): Promise<void> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, Math.max(0, milliseconds));
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
};

const sentenceOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Keeps a registry: loaded from now on, read again when it is old, and at once when an API server refused our credentials (401), which is
 * tried once for every review. When it cannot be read, the last good copy stays, and its age is logged. Where nothing has changed, the
 * clusters stay as they are, with their connections and tokens.
 */
export const keepRegistry = ({ load, read, maxAge, log, now = Date.now }: Keeping): KeptRegistry => {
  let registry: Registry = { clusters: new Map(), problems: [] };
  /** The same clusters, each asking again where its credentials were refused. */
  let served = registry.clusters;
  /** What was read; undefined before the first time. */
  let text: string | undefined;
  /** When that was so, and when it was last asked for. */
  let known = Number.NEGATIVE_INFINITY;
  let asked = Number.NEGATIVE_INFINITY;
  let failures = 0;
  let running: Promise<void> | undefined;

  const attemptNow = async (deadline: number): Promise<void> => {
    asked = now();
    try {
      const documents = await load(Math.min(deadline, asked + patience));
      const current = JSON.stringify(documents);
      if (current !== text) {
        registry = read(documents);
        served = new Map([...registry.clusters].map(([name, cluster]) => [name, renewing(cluster)]));
        text = current;
        log({ event: "registry", clusters: registry.clusters.size, problems: registry.problems });
      }
      known = asked;
      failures = 0;
    } catch (error) {
      failures += 1;
      const message = sentenceOf(error);
      if (text === undefined) log({ event: "registry", clusters: 0, problems: [message] });
      else log({ event: "refresh-failed", message, ageSeconds: Math.round((now() - known) / 1000) });
    }
  };

  /** One at a time: whoever comes meanwhile waits for the same one. */
  const attempt = (deadline: number): Promise<void> => {
    running ??= attemptNow(deadline).finally(() => {
      running = undefined;
    });
    return within(deadline - now(), running);
  };

  const isDue = (): boolean => now() - known >= maxAge && (failures < 2 || now() - asked >= pause);

  /** With other credentials for the same cluster, its questions are asked again. */
  const renewing = (cluster: Cluster): Cluster => ({
    ...cluster,
    ask: async (questions, deadline) => {
      const answers = await cluster.ask(questions, deadline);
      if (!answers.some(isRefusal)) return answers;
      if (running || now() - asked >= renewalPause) await attempt(deadline);
      const other = registry.clusters.get(cluster.name);
      return other && other !== cluster ? other.ask(questions, deadline) : answers;
    },
  });

  void attempt(now() + patience);
  return {
    get clusters() {
      return served;
    },
    get problems() {
      return registry.problems;
    },
    loaded: async (deadline) => {
      if (text === undefined) await within(deadline - now(), running);
      if (text === undefined && isDue()) await attempt(deadline);
    },
    refreshed: async (deadline) => {
      if (running || isDue()) await attempt(deadline);
    },
  };
};

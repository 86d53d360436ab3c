/** Looks up the value of a key, or returns the one that was found a short time ago. */
export type BriefCache<T> = (key: string, lookUp: () => Promise<T>) => Promise<T>;

export interface BriefCacheOptions<T> {
  /** How long a value is kept. */
  readonly milliseconds: number;
  /** The most values that are kept; the oldest one makes room. */
  readonly most: number;
  /** Whether a value may be kept at all. */
  readonly isKept: (value: T) => boolean;
  /** Milliseconds of a clock. */
  readonly now?: () => number;
}

/** A bounded cache. Look-ups of one key that are under way are shared. A look-up that rejects is forgotten. */
export function briefCache<T>({
  milliseconds,
  most,
  isKept,
  now = () => performance.now(),
}: BriefCacheOptions<T>): BriefCache<T> {
  const kept = new Map<string, { readonly value: T; readonly until: number }>();
  const underWay = new Map<string, Promise<T>>();

  const found = async (key: string, lookUp: () => Promise<T>): Promise<T> => {
    try {
      const value = await lookUp();
      if (isKept(value)) {
        kept.delete(key);
        kept.set(key, { value, until: now() + milliseconds });
        const [oldest] = kept.keys();
        if (kept.size > most && oldest !== undefined) kept.delete(oldest);
      }
      return value;
    } finally {
      underWay.delete(key);
    }
  };

  return (key, lookUp) => {
    const known = kept.get(key);
    if (known && now() < known.until) return Promise.resolve(known.value);
    kept.delete(key);
    const shared = underWay.get(key) ?? found(key, lookUp);
    underWay.set(key, shared);
    return shared;
  };
}

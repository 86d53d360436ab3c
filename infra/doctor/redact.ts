const keyless = /^\/?(mutate|validate)?$/;

/**
 * A webhook's URL without its key: `https://host/clusters/prod/***`. Of a URL of another form nothing but the host is shown, because
 * the key may stand anywhere in it.
 */
export function withoutKey(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed) return "***";
  const [, upToKey] = /^(.*\/clusters\/[^/]+\/)[^/]+/.exec(parsed.pathname) ?? [];
  if (upToKey) return `${parsed.origin}${upToKey}***`;
  return keyless.test(parsed.pathname) ? parsed.origin + parsed.pathname.replace(/\/$/, "") : `${parsed.origin}/***`;
}

/** A text of somebody else's without keys. The API server prints the whole URL where a call fails. */
export function scrubbed(text: string): string {
  return text.replace(/https?:\/\/[^\s"'<>\\]+/g, withoutKey).replace(/(\/clusters\/[^/\s"']+\/)[^/\s"'?*]+/g, "$1***");
}

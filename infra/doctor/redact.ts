const keyless = /^\/?(mutate|validate)?$/;

/**
 * A webhook's URL without its key: `https://host/clusters/prod/***`. Of a URL with another form only the host is shown, because the key
 * may be anywhere in it.
 */
export function redactUrl(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed) return "***";
  const [, upToKey] = /^(.*\/clusters\/[^/]+\/)[^/]+/.exec(parsed.pathname) ?? [];
  if (upToKey) return `${parsed.origin}${upToKey}***`;
  return keyless.test(parsed.pathname) ? parsed.origin + parsed.pathname.replace(/\/$/, "") : `${parsed.origin}/***`;
}

/** A text of the API server without keys. The API server prints the whole URL where a call fails. */
export function redactText(text: string): string {
  return text.replace(/https?:\/\/[^\s"'<>\\]+/g, redactUrl).replace(/(\/clusters\/[^/\s"']+\/)[^/\s"'?*]+/g, "$1***");
}

/** `k8s.io/apimachinery` pkg/util/validation: DNS-1123 label and subdomain. */
const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const subdomain = new RegExp(`^${label}(\\.${label})*$`);
const qualified = /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/;

/** The name of a namespace, and of most Services. */
export function isDnsLabel(text: string): boolean {
  return text.length <= 63 && new RegExp(`^${label}$`).test(text);
}

/** `[PREFIX/]NAME`: `IsQualifiedName`. */
export function isLabelKey(text: string): boolean {
  const [name = "", prefix, ...more] = text.split("/").reverse();
  const isPrefixed = prefix === undefined || (prefix.length <= 253 && subdomain.test(prefix));
  return more.length === 0 && isPrefixed && name.length <= 63 && qualified.test(name);
}

/** `IsValidLabelValue`: may be empty. */
export function isLabelValue(text: string): boolean {
  return text === "" || (text.length <= 63 && qualified.test(text));
}

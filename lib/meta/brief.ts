/**
 * A text for a message, a warning or an annotation. A longer one is cut, and its length is told: the author of an object chooses its
 * names, and they are copied into audit logs.
 *
 * @example brief("abcdef", 3) // "abc... (6 characters)"
 */
export function brief(text: string, most = 256): string {
  return text.length <= most ? text : `${text.slice(0, most)}... (${text.length} characters)`;
}

/**
 * A text for a message, a warning or an annotation. A longer text is cut, and its length is appended: the author of an object chooses its
 * names, and audit logs store them.
 *
 * @example brief("abcdef", 3) // "abc... (6 characters)"
 */
export function brief(text: string, most = 256): string {
  return text.length <= most ? text : `${text.slice(0, most)}... (${text.length} characters)`;
}

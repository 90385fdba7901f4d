/** Which texts are allowed anywhere in an event: well-formed Unicode without U+0000, at most 1,024 bytes of UTF-8. */

export const TEXT_BYTES_MAX = 1024;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const NUL_OR_SURROGATE = /[\0\ud800-\udfff]/;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What is wrong with the text, in words that follow "got"; null when nothing is. */
export function textFault(text: string): string | null {
  if (text.length * UTF8_BYTES_PER_UNIT_MAX > TEXT_BYTES_MAX) {
    const bytes = Buffer.byteLength(text);
    if (bytes > TEXT_BYTES_MAX) return `${bytes} bytes`;
  }
  if (NUL_OR_SURROGATE.test(text)) {
    if (text.includes("\0")) return "a text with U+0000";
    if (LONE_SURROGATE.test(text)) return "a text with a lone surrogate";
  }
  return null;
}

/** Which texts are allowed anywhere in an event: well-formed Unicode without U+0000, at most 1,024 bytes of UTF-8. */

export const TEXT_BYTES_MAX = 1024;
const UTF8_BYTES_PER_UNIT_MAX = 3;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** What is wrong with the text, in words that follow "got"; null when nothing is. */
export function textFault(text: string): string | null {
  if (text.length * UTF8_BYTES_PER_UNIT_MAX > TEXT_BYTES_MAX) {
    const bytes = Buffer.byteLength(text);
    if (bytes > TEXT_BYTES_MAX) return `${bytes} bytes`;
  }
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit === 0) return "a text with U+0000";
    if (unit >= 0xd800 && unit <= 0xdfff)
      return LONE_SURROGATE.test(text) ? "a text with a lone surrogate" : nulFault(text);
  }
  return null;
}

function nulFault(text: string): string | null {
  return text.includes("\0") ? "a text with U+0000" : null;
}

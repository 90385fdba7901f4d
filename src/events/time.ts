/** Times as text: RFC 3339, where a space may stand for the T, and a time without zone is UTC. */

const SECONDS_PER_DAY = 86_400;
/** A time of the last hours of 1969 may lie in 1970 once its zone is known. */
const YEAR_MIN = 1969;
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
/** From the first of March of the year 0. */
const DAYS_BEFORE_EPOCH = 719_468;
const SECONDS_END = 19;
const [SPACE, HYPHEN, COLON] = [0x20, 0x2d, 0x3a];
const REST = /^(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))?$/;

export const TIME_EXPECTATION = "an RFC 3339 time from 1970 on, like 2026-01-05T09:00:00Z";

/** Milliseconds since 1970; null when the text is no time, or one before 1970. Digits below a millisecond are dropped. */
export function parseTime(text: string): number | null {
  const wholeMs = parseSeconds(text);
  if (Number.isNaN(wholeMs)) return null;
  const isPlainUtc = text.length === SECONDS_END || (text.length === SECONDS_END + 1 && text.endsWith("Z"));
  const restMs = isPlainUtc ? 0 : parseRest(text.slice(SECONDS_END));
  const ms = wholeMs + restMs;
  const isMisplacedLeapSecond = text.startsWith("60", 17) && Math.floor(ms / 1000) % SECONDS_PER_DAY !== 0;
  return ms >= 0 && !isMisplacedLeapSecond ? ms : null;
}

/**
 * As `parseTime`, for bytes of the form YYYY-MM-DD hh:mm:ss; NaN for every other form, and for the first and the leap
 * seconds, which take a closer look.
 */
export function parsePlainTime(bytes: Uint8Array, start: number, end: number): number {
  if (end - start !== SECONDS_END || bytes[start + 10] !== SPACE) return Number.NaN;
  if (bytes[start + 4] !== HYPHEN || bytes[start + 7] !== HYPHEN) return Number.NaN;
  if (bytes[start + 13] !== COLON || bytes[start + 16] !== COLON) return Number.NaN;
  const year = digits(bytes, start) * 100 + digits(bytes, start + 2);
  const second = digits(bytes, start + 17);
  if (year < 1970 || second > 59) return Number.NaN;
  const [month, day] = [digits(bytes, start + 5), digits(bytes, start + 8)];
  return timeOf(year, month, day, digits(bytes, start + 11), digits(bytes, start + 14), second);
}

/** The shortest RFC 3339 text in UTC: milliseconds only where there are some. */
export function formatTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return ms % 1000 === 0 ? `${text.slice(0, -5)}Z` : text;
}

/** YYYY-MM-DDThh:mm:ss as UTC; NaN when it is none. */
function parseSeconds(text: string): number {
  const separator = text.charAt(10);
  if (separator !== "T" && separator !== " " && separator !== "t") return Number.NaN;
  if (text[4] !== "-" || text[7] !== "-" || text[13] !== ":" || text[16] !== ":") return Number.NaN;
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2);
  const [month, day] = [twoDigits(text, 5), twoDigits(text, 8)];
  return timeOf(year, month, day, twoDigits(text, 11), twoDigits(text, 14), twoDigits(text, 17));
}

/** NaN when there is no such time. */
function timeOf(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  const days = month === 2 && !isLeapYear(year) ? 28 : (DAYS_OF_MONTH[month - 1] ?? 0);
  const isTime = year >= YEAR_MIN && day >= 1 && day <= days && hour <= 23 && minute <= 59 && second <= 60;
  if (!isTime) return Number.NaN;
  return (((daysBefore(year, month) + day - 1) * 24 + hour) * 60 + minute) * 60_000 + second * 1000;
}

/** Days from 1970 until a month of the Gregorian calendar begins. As `Date.UTC`, which takes several times as long. */
function daysBefore(year: number, month: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  // From March on, months have 31, 30, 31, 30, 31 days, again and again.
  const monthDays = Math.floor((153 * ((month + 9) % 12) + 2) / 5);
  return marchYear * 365 + leapDays + monthDays - DAYS_BEFORE_EPOCH;
}

/** What fraction and zone add to the seconds, in ms; NaN when they are neither. */
function parseRest(text: string): number {
  const parts = REST.exec(text);
  if (parts === null) return Number.NaN;
  const [, fraction, sign, hours, minutes] = parts;
  const fractionMs = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, "0"));
  if (sign === undefined) return fractionMs;
  if (Number(hours) > 23 || Number(minutes) > 59) return Number.NaN;
  const zoneMs = (Number(hours) * 60 + Number(minutes)) * 60_000;
  return sign === "+" ? fractionMs - zoneMs : fractionMs + zoneMs;
}

function twoDigits(text: string, at: number): number {
  return numberOf(text.charCodeAt(at), text.charCodeAt(at + 1));
}

function digits(bytes: Uint8Array, at: number): number {
  return numberOf(bytes[at]!, bytes[at + 1]!);
}

/** NaN when these are not the codes of two digits. */
function numberOf(tensCode: number, onesCode: number): number {
  const tens = tensCode - 48;
  const ones = onesCode - 48;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN;
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

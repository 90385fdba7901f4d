/** Times as text: RFC 3339, where a space may stand for the T, and a time without zone is UTC. */

const MS_PER_DAY = 86_400_000;
const DAYS_OF_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const TIME = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:[Zz]|([+-])(\d\d):(\d\d))?$/;

export const TIME_EXPECTATION = "an RFC 3339 time from 1970 on, like 2026-01-05T09:00:00Z";

/** Milliseconds since 1970; null when the text is no time, or one before 1970. Digits below a millisecond are dropped. */
export function parseTime(text: string): number | null {
  const parts = TIME.exec(text);
  if (parts === null) return null;
  const year = Number(parts[1]);
  const month = Number(parts[2]);
  const day = Number(parts[3]);
  const hour = Number(parts[4]);
  const minute = Number(parts[5]);
  const second = Number(parts[6]);
  const days = DAYS_OF_MONTH[month - 1];
  if (days === undefined || day < 1 || day > days || (month === 2 && day === 29 && !isLeapYear(year))) return null;
  if (year < 1969 || hour > 23 || minute > 59 || second > 60) return null;
  const zoneMs = parts[8] === undefined ? 0 : zoneOffsetMs(parts[8], Number(parts[9]), Number(parts[10]));
  if (zoneMs === null) return null;
  const secondMs = Date.UTC(year, month - 1, day, hour, minute, second) - zoneMs;
  const isMisplacedLeapSecond = second === 60 && secondMs % MS_PER_DAY !== 0;
  if (secondMs < 0 || isMisplacedLeapSecond) return null;
  return parts[7] === undefined ? secondMs : secondMs + Number(parts[7].slice(0, 3).padEnd(3, "0"));
}

/** The shortest RFC 3339 text in UTC: milliseconds only where there are some. */
export function formatTime(ms: number): string {
  const text = new Date(ms).toISOString();
  return ms % 1000 === 0 ? `${text.slice(0, -5)}Z` : text;
}

function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

function zoneOffsetMs(sign: string, hours: number, minutes: number): number | null {
  if (hours > 23 || minutes > 59) return null;
  return (sign === "-" ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

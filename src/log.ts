/**
 * One JSON line an event, on standard error (standard output is for data). Personal data does not belong here: fields
 * that name people or what they hold are censored even when somebody logs them by mistake.
 */
import { type DestinationStream, destination, type Logger, pino } from "pino";
import type { Config } from "./config/keys.ts";

export type Log = Logger;

const PERSONAL: readonly string[] = [
  "user",
  "name",
  "email",
  "manager",
  "by",
  "attributes",
  "grantedBy",
  "key",
  "value",
];

/** Written synchronously, so that the last line before an end is never lost. */
export function openLog(
  level: Config["log"]["level"],
  stream: DestinationStream = destination({ dest: 2, sync: true }),
): Log {
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: () => `,"at":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: PERSONAL.flatMap((name) => [name, `*.${name}`]), censor: "[personal]" },
    },
    stream,
  );
}

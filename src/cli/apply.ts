/** `apply`: files of native events, one JSON object a line, through the whole pipeline. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Config } from "../config/keys.ts";
import { AppError } from "../errors.ts";
import { decodeRecord } from "../events/decode.ts";
import { type InputChannel, routeOf } from "../events/encode-event.ts";
import { CLOCK_HEADER } from "../events/record-time.ts";
import { loadSchemaTable } from "../events/schema-files.ts";
import type { SchemaTable } from "../events/schema-table.ts";
import type { AppendRecord } from "../transport/transport.ts";
import { RECORD_BYTES_MAX } from "../worker/open-transport.ts";
import { inputTopic } from "./event-record.ts";
import { type InputDoor, openInputDoor } from "./input-door.ts";
import { linesOf } from "./lines.ts";
import { openSession, type Session } from "./session.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly again?: boolean;
}

/** One append each: small enough for an inbox file, large enough that a million lines go in quickly. */
const CHUNK_LINES = 2_000;
const CHUNK_BYTES = 2 * 1024 * 1024;
/** A record holds its key beside the line. */
const KEY_BYTES_MAX = 1_024;
const LINE_BYTES_MAX = RECORD_BYTES_MAX - KEY_BYTES_MAX;

/** What the lines so far say of the time. */
interface FileClock {
  tickedMs: number | null;
}

interface Taken {
  readonly lines: number;
  /** Lines that no record can hold; they go nowhere. */
  readonly tooLong: number;
}

export function addApply(program: Command, terminal: Terminal): void {
  program
    .command("apply")
    .description(
      "apply native events from NDJSON files (- is standard input); ends when all is committed and published",
    )
    .argument("<file...>")
    .option("--again", "apply lines once more that were applied before, instead of skipping them")
    .action(async (files: string[], options: Options, command: Command) => {
      const session = openSession(command, terminal);
      const door = await openInputDoor(session);
      try {
        const schemas = await loadSchemaTable();
        const nonce = options.again ? `${Date.now()}-` : "";
        let [lines, tooLong] = [0, 0];
        for (const file of files) {
          const taken = await submitFile(file, session, door, schemas, nonce);
          lines += taken.lines;
          tooLong += taken.tooLong;
        }
        await conclude(session, door, { lines, tooLong });
      } finally {
        await door.close();
      }
    });
}

async function submitFile(
  file: string,
  session: Session,
  door: InputDoor,
  schemas: SchemaTable,
  nonce: string,
): Promise<Taken> {
  let chunk: AppendRecord[] = [];
  let [chunks, bytes, lines, tooLong] = [0, 0, 0, 0];
  const clock: FileClock = { tickedMs: null };
  const flush = async () => {
    if (chunk.length === 0) return;
    await door.submit(`apply-${nonce}${digestOf(chunk)}-${chunks++}`, chunk);
    [chunk, bytes] = [[], 0];
  };
  for await (const line of linesIn(file, session.terminal)) {
    lines += 1;
    if (line.bytes.length > LINE_BYTES_MAX) {
      tooLong += 1;
      const problem = `${file}:${line.number} has ${line.bytes.length} bytes; allowed: at most ${LINE_BYTES_MAX}`;
      session.terminal.stderr.write(`corollary: rejected: ${problem}\n`);
      continue;
    }
    chunk.push(recordOf(line.bytes, session.config, schemas, clock));
    bytes += line.bytes.length;
    if (chunk.length >= CHUNK_LINES || bytes >= CHUNK_BYTES) await flush();
  }
  await flush();
  return { lines, tooLong };
}

async function* linesIn(file: string, terminal: Terminal): AsyncGenerator<{ number: number; bytes: Buffer }> {
  try {
    yield* linesOf(file === "-" ? terminal.stdin : createReadStream(resolve(terminal.cwd, file)));
  } catch (error) {
    if (error instanceof AppError || (error as NodeJS.ErrnoException).code === undefined) throw error;
    throw new AppError(
      "input",
      `cannot read ${file}: ${(error as Error).message}`,
      "files before it were taken",
      error,
    );
  }
}

/** What cannot be decoded goes in as it is, so that it ends up in the rejects topic with its reason. */
function recordOf(value: Buffer, config: Config, schemas: SchemaTable, clock: FileClock): AppendRecord {
  const decoded = decodeRecord({ topic: "", key: null, value, headers: {} }, schemas);
  const event = "events" in decoded ? decoded.events[0] : undefined;
  const route: { channel: InputChannel; key: string } = event ? routeOf(event) : { channel: "identities", key: "" };
  const headers = clock.tickedMs === null ? {} : { [CLOCK_HEADER]: String(clock.tickedMs) };
  if (event?.type === "clock.ticked") clock.tickedMs = Math.max(clock.tickedMs ?? 0, event.at);
  return { topic: inputTopic(config, route.channel), key: route.key, value, headers };
}

function digestOf(records: readonly AppendRecord[]): string {
  const hash = createHash("sha256");
  for (const { value } of records) hash.update(value).update("\n");
  return hash.digest("hex").slice(0, 32);
}

async function conclude(session: Session, door: InputDoor, { lines, tooLong }: Taken): Promise<void> {
  if (door.worker === null) {
    session.say(`${lines - tooLong} lines handed to the worker that holds ${session.config.data}`);
    session.answer({ lines, tooLong, handedOver: true });
    return;
  }
  const summary = await door.worker.runUntilQuiet();
  const counts = { ...summary.counts, rejected: summary.counts.rejected + tooLong };
  const { applied, unchanged, late, rejected } = counts;
  session.say(
    `${lines} lines, ${summary.records} read: ${applied} applied, ${unchanged} unchanged, ${late} late, ${rejected} rejected`,
  );
  session.say(`${summary.deltas} deltas published in ${summary.steps} steps`);
  if (lines > tooLong && summary.records === 0)
    session.say("These lines were applied before; --again applies them once more.");
  session.answer({ lines, handedOver: false, ...summary, counts });
}

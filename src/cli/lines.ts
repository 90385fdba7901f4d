/** Bytes → lines, byte for byte: whatever stands between two line ends reaches the one who judges it. */
import { AppError } from "../errors.ts";

const NEWLINE = 10;
const RETURN = 13;
/** Beyond this a file is no file of lines, and would fill the memory before it could be refused. */
const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** Empty lines are left out, with their numbers counted. Numbers start at 1. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array | string>,
): AsyncGenerator<{ readonly number: number; readonly bytes: Buffer }> {
  let number = 0;
  let parts: Buffer[] = [];
  let partsBytes = 0;
  for await (const chunk of chunks) {
    const bytes = Buffer.from(chunk as Uint8Array);
    let from = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, from)) {
      number += 1;
      const line = lineOf([...parts, bytes.subarray(from, end)]);
      if (line.length > 0) yield { number, bytes: line };
      parts = [];
      partsBytes = 0;
      from = end + 1;
    }
    parts.push(bytes.subarray(from));
    partsBytes += bytes.length - from;
    if (partsBytes > LINE_BYTES_MAX) {
      throw new AppError("input", `line ${number + 1} has more than ${LINE_BYTES_MAX} bytes`, "give one event a line");
    }
  }
  const last = lineOf(parts);
  if (last.length > 0) yield { number: number + 1, bytes: last };
}

function lineOf(parts: readonly Buffer[]): Buffer {
  const line = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  return line.at(-1) === RETURN ? line.subarray(0, -1) : line;
}

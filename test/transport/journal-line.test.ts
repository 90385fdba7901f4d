import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeLine, type LineContent, LineReader, NEWLINE } from "../../src/transport/journal-line.ts";
import type { InputRecord } from "../../src/transport/transport.ts";

const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.string({ unit: "grapheme", maxLength: 20 });
const textBytes = fc
  .oneof(text, fc.json(), fc.constantFrom("null", " null ", "1\n", "\r1", '{"a" : 1.50}', '"},"value":{', '"\u2028"'))
  .map((content) => Uint8Array.from(Buffer.from(content)));
const record: fc.Arbitrary<LineContent> = fc.record({
  key: fc.oneof(fc.constant(null), text, bytes),
  value: fc.oneof(fc.constant(null), bytes, textBytes),
  headers: fc.dictionary(fc.oneof(text, fc.constantFrom("value", "bytes", "__proto__")), fc.oneof(text, bytes)),
});

/** Reads a line that stands in the middle of others. */
function read(line: Buffer): InputRecord {
  const all = Buffer.concat([Buffer.from("before\n"), line, Buffer.from('{"offset":1}\n')]);
  return new LineReader().read("topic", 3, all, 7, 7 + line.length - 1);
}

const plain = (value: string | Uint8Array | null): unknown =>
  value === null ? null : Buffer.from(value).toString("hex");

test("any record comes back byte for byte from a line that is JSON", () => {
  fc.assert(
    fc.property(record, fc.nat(), (content, offset) => {
      const line = encodeLine(offset, 1_760_000_000_000, content);
      expect(line.indexOf(NEWLINE)).toBe(line.length - 1);
      const found = read(line);
      expect([found.topic, found.partition, found.offset, found.timestampMs]).toEqual([
        "topic",
        3,
        offset,
        1_760_000_000_000,
      ]);
      expect([plain(found.key), plain(found.value)]).toEqual([plain(content.key), plain(content.value)]);
      const headers = (each: LineContent["headers"]) =>
        Object.entries(each).map(([name, value]) => [name, plain(value)]);
      expect(headers(found.headers)).toEqual(headers(content.headers));

      const parsed = JSON.parse(line.toString()) as { value?: unknown; bytes?: string };
      expect(parsed.value === null).toBe(content.value === null);
      if (parsed.bytes !== undefined) expect(plain(Buffer.from(parsed.bytes, "base64"))).toBe(plain(content.value));
      else if (content.value !== null) expect(parsed.value).toEqual(JSON.parse(Buffer.from(content.value).toString()));
    }),
    { numRuns: 500 },
  );
});

test("a damaged line is a SyntaxError or another record, never anything else", () => {
  fc.assert(
    fc.property(record, fc.nat(), fc.nat(255), fc.boolean(), (content, at, byte, cut) => {
      const line = encodeLine(1, 2, content);
      const position = at % (line.length - 1);
      const damaged = cut ? Buffer.concat([line.subarray(0, position), Buffer.from("\n")]) : Buffer.from(line);
      if (!cut) damaged[position] = byte;
      try {
        read(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError);
      }
    }),
    { numRuns: 500 },
  );
});

test("the ends of a commit stand before its value", () => {
  const line = encodeLine(
    7,
    1,
    { key: "engine", value: Buffer.from("{}"), headers: {} },
    new Map([['odd "}name', { offset: 3, bytes: 99 }]]),
  );
  expect(JSON.parse(line.toString())).toMatchObject({ ends: { 'odd "}name': [3, 99] }, value: {} });
  expect(plain(read(line).value)).toBe(plain("{}"));
});

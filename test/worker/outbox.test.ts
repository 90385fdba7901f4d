import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type PackableRecord,
  packPieces,
  packRecords,
  unpackPieces,
  unpackRecords,
} from "../../src/transport/frames.ts";
import type { OutputRecord } from "../../src/transport/transport.ts";
import { outboxBytes, outboxDigest, recordBytes } from "../../src/worker/outbox.ts";

const bytes = fc.option(fc.uint8Array({ maxLength: 300 }), { nil: null });
const record: fc.Arbitrary<OutputRecord> = fc.record({
  topic: fc.string({ unit: "binary", maxLength: 20 }),
  partition: fc.nat(1000),
  key: bytes,
  value: bytes,
  headers: fc.dictionary(fc.string({ maxLength: 10 }), fc.oneof(fc.string({ unit: "binary" }), fc.uint8Array())),
});

const utf8 = (text: string) => Buffer.from(text);
const utf8Of = (content: string | Uint8Array | null) => (typeof content === "string" ? utf8(content) : content);

/** Buffers and plain byte arrays compare alike. */
function plain(records: readonly OutputRecord[]): unknown {
  return records.map((r) => ({
    ...r,
    key: r.key && [...r.key],
    value: r.value && [...r.value],
    headers: Object.entries(r.headers).map(([name, value]) => [name, typeof value === "string" ? value : [...value]]),
  }));
}

describe("outbox", () => {
  it("gives back the records, byte for byte", () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 30 }), (records) => {
        expect(plain(unpackPieces(packPieces(records)))).toEqual(plain(records));
      }),
    );
  });

  it("packs a text as its UTF-8", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(record, fc.string({ unit: "binary" }))), (pairs) => {
        const texts = pairs.map(([each, text]) => ({ ...each, key: text, value: `${text}${text}` }));
        const encoded = pairs.map(([each, text]) => ({ ...each, key: utf8(text), value: utf8(`${text}${text}`) }));
        expect(packRecords(texts)).toEqual(packRecords(encoded));
        expect(texts.map(recordBytes)).toEqual(encoded.map(recordBytes));
      }),
    );
  });

  it("cuts large outputs into chunks of at most 256 KiB", () => {
    const texts = Array.from(
      { length: 3_000 },
      (_, i): PackableRecord => ({
        topic: "predictions",
        partition: i % 4,
        key: Buffer.from(`["user ${i}","entitlement"]`),
        value: i === 9 ? "ä".repeat(100_000) : Buffer.alloc(i === 7 ? 600_000 : 300, i),
        headers: { cor: `corollary.1.2.${i}` },
      }),
    );
    const records = texts.map((text) => ({ ...text, key: utf8Of(text.key), value: utf8Of(text.value) }));
    const chunks = packPieces(texts);
    expect(chunks.length).toBeGreaterThan(5);
    expect(Math.max(...chunks.map((chunk) => chunk.length))).toBe(256 * 1024);
    expect(plain(unpackPieces(chunks))).toEqual(plain(records));
    expect(outboxBytes(chunks)).toBe(packRecords(records).length);
  });

  it("cuts wherever the room ends, between fields and in them", () => {
    const last = {
      topic: "flags",
      partition: 7,
      key: utf8("k".repeat(9)),
      value: null,
      headers: { cor: "ä", b: utf8("") },
    };
    const ends = new Set<number>();
    for (let filling = 65_400; filling <= 65_536; filling++) {
      const value = Buffer.alloc(filling, 1);
      const records = [{ ...last, key: utf8(""), value }, last, last];
      const [first, ...rest] = packPieces(records);
      ends.add(first!.length);
      const [large, ...small] = unpackPieces([first!, ...rest]);
      expect(Buffer.compare(large!.value!, value)).toBe(0);
      expect(plain(small)).toEqual(plain([last, last]));
    }
    expect(ends.size).toBeGreaterThan(4);
    expect(packPieces([])).toEqual([]);
  });

  it("has a digest of the records, not of the cuts", () => {
    const whole = packRecords([{ topic: "flags", partition: 0, key: Buffer.from("k"), value: null, headers: {} }]);
    expect(outboxDigest([whole])).toBe(outboxDigest([whole.subarray(0, 3), whole.subarray(3)]));
    expect(outboxDigest([whole])).not.toBe(outboxDigest([whole.subarray(1)]));
  });

  it("refuses bytes that are cut short", () => {
    const whole = packRecords([
      { topic: "flags", partition: 0, key: Buffer.from("k"), value: null, headers: { a: "b" } },
    ]);
    for (let end = 1; end < whole.length; end++) {
      expect(() => unpackRecords(whole.subarray(0, end))).toThrow("cut short");
    }
    expect(unpackPieces([])).toEqual([]);
  });

  it("counts key, value and headers in bytes", () => {
    const headers = { ä: "ö", b: Buffer.alloc(3) };
    expect(recordBytes({ topic: "t", partition: 0, key: Buffer.alloc(2), value: null, headers })).toBe(
      2 + 2 + 2 + 1 + 3,
    );
  });
});

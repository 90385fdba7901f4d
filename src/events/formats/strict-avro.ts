/**
 * Avro types that cannot be harmed by the bytes they read. avsc trusts counts: a few bytes could ask for billions of
 * items; it loses a map key `__proto__`, and turns bytes that are not UTF-8 into replacement characters. These types
 * throw instead, and keep the key. They rest on avsc's `_read` and `_skip`, so its version is pinned.
 */
/* oxlint-disable no-underscore-dangle -- avsc names them so */
import { isUtf8 } from "node:buffer";
import avro, { type Type } from "avsc";

/** The part of avsc's reading head that is needed here. */
interface Tap {
  readonly buf: Buffer;
  pos: number;
  readLong(): number;
  readString(): string | undefined;
}

interface Reading {
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

const REPLACEMENT_CHARACTER = "\ufffd";

/** Calls `one` for each item of all blocks. Each must use at least one byte, so that the bytes bound the work. */
function forEachItem(tap: Tap, one: () => void): void {
  for (let count = tap.readLong(); count !== 0; count = tap.readLong()) {
    if (count < 0) tap.readLong();
    for (let left = Math.abs(count); left > 0; left--) {
      const from = tap.pos;
      one();
      if (tap.pos <= from || tap.pos > tap.buf.length) throw new RangeError("an array or map that ends too early");
    }
  }
}

class StrictArrayType extends avro.types.ArrayType {
  _read(this: { itemsType: Reading }, tap: Tap): unknown[] {
    const items: unknown[] = [];
    forEachItem(tap, () => items.push(this.itemsType._read(tap)));
    return items;
  }

  _skip(this: { itemsType: Reading }, tap: Tap): void {
    forEachItem(tap, () => this.itemsType._skip(tap));
  }
}

class StrictMapType extends avro.types.MapType {
  _read(this: { valuesType: Reading }, tap: Tap): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    forEachItem(tap, () => {
      const key = readStrictString(tap);
      const value = this.valuesType._read(tap);
      if (key === "__proto__") {
        Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
      } else {
        map[key] = value;
      }
    });
    return map;
  }

  _skip(this: { valuesType: Reading }, tap: Tap): void {
    forEachItem(tap, () => {
      readStrictString(tap);
      this.valuesType._skip(tap);
    });
  }
}

class StrictStringType extends avro.types.StringType {
  _read(tap: Tap): string {
    return readStrictString(tap);
  }
}

function readStrictString(tap: Tap): string {
  const from = tap.pos;
  const text = tap.readString();
  if (text === undefined || tap.pos > tap.buf.length) throw new RangeError("a text that ends too early");
  if (text.includes(REPLACEMENT_CHARACTER)) {
    let start = from;
    while ((tap.buf[start] ?? 0) & 0x80) start++;
    if (!isUtf8(tap.buf.subarray(start + 1, tap.pos))) throw new RangeError("a text that is not UTF-8");
  }
  return text;
}

/** Compiles an Avro schema. Throws avsc's error when it is none. */
export function strictAvroType(schema: unknown): Type {
  return avro.Type.forSchema(schema as Parameters<typeof avro.Type.forSchema>[0], {
    wrapUnions: "never",
    omitRecordMethods: true,
    typeHook: (part, options) => {
      if (part === "string") return new StrictStringType();
      if (typeof part !== "object" || !("type" in part)) return undefined;
      switch (part.type) {
        case "string":
          return new StrictStringType();
        case "array":
          return new StrictArrayType(part, options);
        case "map":
          return new StrictMapType(part, options);
        default:
          return undefined;
      }
    },
  });
}

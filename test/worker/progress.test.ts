import { describe, expect, it } from "vitest";
import { positionsFromJson } from "../../src/worker/positions.ts";
import { decodeProgress, encodeProgress, type Progress } from "../../src/worker/progress.ts";

const PROGRESS: Progress = {
  engine: "corollary",
  epoch: 3,
  step: 17,
  clockMinute: 29_500_000,
  positions: positionsFromJson({ "hr.identities": [812, 4], "iga.assignments": [0, 77] }),
  records: 12,
  digest: "0a1b",
  pending: 2,
  configDigest: "ffee",
};

describe("progress record", () => {
  it("is JSON that reads back", () => {
    const bytes = encodeProgress(PROGRESS);
    expect(JSON.parse(Buffer.from(bytes).toString())).toEqual({
      engine: "corollary",
      epoch: 3,
      step: 17,
      records: 12,
      digest: "0a1b",
      pending: 2,
      configDigest: "ffee",
      clockAt: "2026-02-02T02:40:00.000Z",
      positions: { "hr.identities": [812, 4], "iga.assignments": [0, 77] },
    });
    expect(decodeProgress(bytes)).toEqual(PROGRESS);
  });

  it("has the same bytes for the same facts, whatever their order", () => {
    const turned = new Map(
      [...PROGRESS.positions].reverse().map(([topic, map]) => [topic, new Map([...map].reverse())]),
    );
    expect(encodeProgress({ ...PROGRESS, positions: turned })).toEqual(encodeProgress(PROGRESS));
  });

  it.each(["", "{", "null", "[]", '{"engine":"corollary"}', '{"step":-1}'])("refuses %j", (text) => {
    expect(() => decodeProgress(Buffer.from(text))).toThrow("not a progress record");
  });
});

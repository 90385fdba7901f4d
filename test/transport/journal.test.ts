import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Journal } from "../../src/transport/journal.ts";
import { encodeLine } from "../../src/transport/journal-line.ts";
import type { AppendRecord, InputRecord, OutputRecord, PublishBatch } from "../../src/transport/transport.ts";
import { transportContract } from "../contracts/transport.ts";
import { crashAt, JournalFolder } from "../support/journal-folder.ts";

transportContract(
  "journal",
  async () => {
    const folder = new JournalFolder();
    const points = {
      "publish before commit": /^before write progress-0/,
      "publish after commit": /^after write progress-0/,
      append: /^torn write in-/,
    };
    return {
      inputTopic: "in",
      secondInputTopic: "second",
      outputTopic: "out",
      secondOutputTopic: "other",
      transport: () => folder.journal(),
      cutOff: (moment) => folder.journal({ fault: crashAt((point) => points[moment].test(point)) }),
      produce: () => Promise.reject(new Error("the journal has no foreign producers")),
      dispose: () => folder.dispose(),
    };
  },
  {
    rivals: "the lock of the state keeps a second process out",
    foreignProducers: "only its owner appends",
  },
);

describe("journal", () => {
  let folder: JournalFolder;
  beforeEach(() => {
    folder = new JournalFolder();
  });
  afterEach(() => folder.dispose());

  async function started(options: Parameters<JournalFolder["journal"]>[0] = {}): Promise<Journal> {
    const journal = folder.journal(options);
    await journal.open();
    await journal.fence();
    return journal;
  }

  const output = (n: number, partition = 0): OutputRecord => {
    const [key, value] = [Buffer.from(`key ${n}`), Buffer.from(`{"n":${n}}`)];
    return { topic: "out", partition, key, value, headers: { cor: `e.1.${n}` } };
  };
  const batch = (progress: string, ...records: OutputRecord[]): PublishBatch => {
    return { records, progress: Buffer.from(progress), positions: new Map() };
  };
  const input = (n: number, value = `{"n":${n}}`): AppendRecord => {
    return { topic: "second", key: `key ${n}`, value: Buffer.from(value), headers: {} };
  };
  const numbers = (records: readonly InputRecord[]): number[] =>
    records.map((record) => (JSON.parse(Buffer.from(record.value!).toString()) as { n: number }).n);
  const published = async (journal: Journal): Promise<number[]> => {
    const records: InputRecord[] = [];
    for await (const record of journal.readOutput("out")) records.push(record);
    return numbers(records);
  };
  const up = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  test("is made of lines that any JSON tool reads, offsets counted from 0", async () => {
    const journal = await started({ now: () => 1_760_000_000_000 });
    await journal.append("file", [input(0), input(1, "no json"), input(2, "null")]);
    await journal.publish(batch('{"step":1}', output(1), { ...output(2), value: null }));
    const lines = (name: string): unknown[] =>
      folder
        .read(name)
        .toString()
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as unknown);
    const common = { timestamp: 1_760_000_000_000, headers: {} };
    expect(lines("second-0.ndjson")).toEqual([
      { ...common, offset: 0, key: "key 0", value: { n: 0 } },
      { ...common, offset: 1, key: "key 1", bytes: Buffer.from("no json").toString("base64") },
      { ...common, offset: 2, key: "key 2", bytes: Buffer.from("null").toString("base64") },
    ]);
    expect(lines("out-0.ndjson")).toEqual([
      { ...common, offset: 0, key: "key 1", headers: { cor: "e.1.1" }, value: { n: 1 } },
      { ...common, offset: 1, key: "key 2", headers: { cor: "e.1.2" }, value: null },
    ]);
    const bytes = folder.read("out-0.ndjson").length;
    expect(lines("progress-0.ndjson")).toEqual([
      { ...common, offset: 0, key: "engine", ends: { "out-0.ndjson": [2, bytes] }, value: { step: 1 } },
    ]);
  });

  test("drops a progress line cut at any byte, and what that step wrote", async () => {
    const journal = await started();
    await journal.publish(batch("1", output(0)));
    const before = folder.contents();
    await journal.publish(batch("2", output(1), output(2, 1)));
    await folder.closeAll();
    const after = folder.contents();
    const start = before.get("progress-0.ndjson")!.length;
    const whole = after.get("progress-0.ndjson")!;
    for (let cut = start; cut < whole.length; cut++) {
      folder.restore(new Map([...after, ["progress-0.ndjson", whole.slice(0, cut)]]));
      const again = await started();
      expect(Buffer.from((await again.readProgress())!).toString()).toBe("1");
      expect(await published(again)).toEqual([0]);
      expect(again.notes).toHaveLength(cut === start ? 2 : 3);
      expect(folder.contents()).toEqual(before);
      await folder.closeAll();
    }
    folder.restore(after);
    const again = await started();
    expect(Buffer.from((await again.readProgress())!).toString()).toBe("2");
    expect(again.notes).toEqual([]);
  });

  test("drops a last commit whose beginning never reached the disk", async () => {
    const journal = await started();
    await journal.publish(batch("1", output(0)));
    const length = folder.read("progress-0.ndjson").length;
    await journal.publish(batch("2", output(1)));
    await journal.close();
    folder.write("progress-0.ndjson", folder.read("progress-0.ndjson").fill(0, length, length + 20));
    const again = await started();
    expect(Buffer.from((await again.readProgress())!).toString()).toBe("1");
    expect(await again.publish(batch("2", output(1)))).toBe("committed");
    expect(await published(again)).toEqual([0, 1]);
  });

  test("repairs input files cut at any byte of an append, and takes the append again", async () => {
    const journal = await started();
    await journal.append("1", [input(0)]);
    const before = folder.contents();
    await journal.append("2", [input(1), input(2)]);
    await folder.closeAll();
    const after = folder.contents();
    const whole = after.get("second-0.ndjson")!;
    for (let cut = before.get("second-0.ndjson")!.length; cut <= whole.length; cut += 7) {
      folder.restore(new Map([...before, ["second-0.ndjson", whole.slice(0, cut)]]));
      const again = await started();
      await again.append("1", [input(0)]);
      await again.append("2", [input(1), input(2)]);
      expect(numbers(await again.poll(10, 1e6, 0))).toEqual([0, 1, 2]);
      await folder.closeAll();
    }
  });

  test("refuses other records under a source it knows", async () => {
    const journal = await started();
    await journal.append("file", [input(0)]);
    await expect(journal.append("file", [input(1)])).rejects.toMatchObject({ code: "input" });
    await journal.append("file 2", [input(1)]);
    expect(numbers(await journal.poll(10, 1e6, 0))).toEqual([0, 1]);
  });

  test("writes nothing more after a failed write", async () => {
    let broken = false;
    const fault = (): void => {
      if (broken) throw new Error("disk");
    };
    const journal = await started({ fault });
    broken = true;
    await expect(journal.publish(batch("1", output(0)))).rejects.toThrow("disk");
    broken = false;
    await expect(journal.publish(batch("1", output(0)))).rejects.toMatchObject({ code: "transport" });
    const again = await started();
    expect(await again.publish(batch("1", output(0)))).toBe("committed");
  });

  test("keeps its logs short", async () => {
    const kept = 1000;
    const journal = await started();
    await journal.publish(batch("0", output(0)));
    await journal.close();
    const ends = new Map([["out-0.ndjson", { offset: 1, bytes: folder.read("out-0.ndjson").length }]]);
    const line = (step: number): Buffer =>
      encodeLine(step, 1, { key: "engine", value: Buffer.from(String(step)), headers: {} }, ends);
    folder.write("progress-0.ndjson", Buffer.concat(up(2 * kept).map(line)));
    const again = await started();
    await again.publish(batch(String(2 * kept), output(1)));
    await again.publish(batch(String(2 * kept + 1), output(2)));
    await again.close();
    const lines = folder.read("progress-0.ndjson").toString().split("\n").slice(0, -1);
    expect(lines).toHaveLength(kept + 1);
    const last = await started();
    expect(Buffer.from((await last.readProgress())!).toString()).toBe(String(2 * kept + 1));
    expect(await published(last)).toEqual([0, 1, 2]);
  });

  test("is read beside its owner up to what is committed, and changed by nobody else", async () => {
    await expect(folder.journal({ readOnly: true }).open()).rejects.toMatchObject({ code: "transport" });
    const owner = await started();
    await owner.append("1", [input(0)]);
    await owner.publish(batch("1", output(0)));
    const reader = folder.journal({ readOnly: true });
    await reader.open();
    await owner.append("2", [input(1)]);
    await owner.publish(batch("2", output(1)));
    expect(await published(reader)).toEqual([0]);
    expect(numbers(await reader.poll(10, 1e6, 0))).toEqual([0]);
    expect(Buffer.from((await reader.readProgress())!).toString()).toBe("2");
    expect(await published(reader)).toEqual([0, 1]);
    expect((await reader.inputWatermarks()).map(({ high }) => high)).toEqual([0, 0, 2]);
    expect(numbers(await reader.poll(10, 1e6, 0))).toEqual([1]);
    await expect(reader.append("3", [input(2)])).rejects.toThrow("reading only");
    await expect(reader.publish(batch("3"))).rejects.toThrow("reading only");
    await expect(reader.fence()).rejects.toThrow("reading only");

    await owner.close();
    folder.write("out-0.ndjson", Buffer.concat([folder.read("out-0.ndjson"), Buffer.from('{"offset":2,"ti')]));
    folder.write("progress-0.ndjson", Buffer.concat([folder.read("progress-0.ndjson"), Buffer.from('{"offset":2')]));
    const torn = folder.contents();
    const other = folder.journal({ readOnly: true });
    await other.open();
    expect(await published(other)).toEqual([0, 1]);
    await other.close();
    expect(folder.contents()).toEqual(torn);
  });

  test("gives every input partition its turn", async () => {
    const journal = await started();
    const many = up(5000).map((n): AppendRecord => ({ ...input(n), topic: "in", key: `k${n % 50}` }));
    await journal.append("many", [...many, input(1), input(2)]);
    const first = await journal.poll(30, 1e6, 0);
    expect(first).toHaveLength(30);
    expect(new Set(first.map(({ topic, partition }) => `${topic}-${partition}`)).size).toBe(3);
    const small = await journal.poll(1000, 2000, 0);
    expect(new Set(small.map(({ partition }) => partition)).size).toBe(2);
  });

  test("finds any offset, among lines of any length", async () => {
    const journal = await started();
    const length = (n: number): number => (n % 97 === 0 ? 150_000 : n % 31 === 0 ? 3_000 : n % 50);
    const value = (n: number): string => `{"n":${n},"pad":"${"x".repeat(length(n))}"}`;
    await journal.append(
      "many",
      up(2000).map((n) => input(n, value(n))),
    );
    for (let n = 0; n <= 2000; n += n % 97 < 2 || n > 1990 ? 1 : 13) {
      await journal.seek(new Map([["second", new Map([[0, n]])]]));
      expect(numbers(await journal.poll(2, 1e6, 0))).toEqual([n, n + 1].filter((each) => each < 2000));
    }
    const beyond = journal.seek(new Map([["second", new Map([[0, 2001]])]]));
    await expect(beyond).rejects.toMatchObject({ code: "transport" });
    await journal.seek(new Map());
    let next = 0;
    for (let records = await journal.poll(100, 400_000, 0); records.length > 0; ) {
      for (const n of numbers(records)) expect(n).toBe(next++);
      records = await journal.poll(100, 400_000, 0);
    }
    expect(next).toBe(2000);
  });

  test("names the file and the byte where it is damaged", async () => {
    const journal = await started();
    await journal.append("1", [input(0), input(1), input(2)]);
    await journal.close();
    const bytes = folder.read("second-0.ndjson");
    const second = bytes.indexOf("\n") + 1;
    bytes[second + 5] = 0;
    folder.write("second-0.ndjson", bytes);
    const again = await started();
    await expect(again.poll(10, 1e6, 0)).rejects.toMatchObject({
      code: "transport",
      message: `second-0.ndjson of the journal is damaged at byte ${second}`,
    });
  });

  test("refuses a folder that does not fit, and changes nothing in it", async () => {
    const journal = await started();
    await journal.append("1", [input(0)]);
    await journal.publish(batch("1", output(0)));
    await journal.close();
    const contents = folder.contents();
    const refused = async (options: Parameters<JournalFolder["journal"]>[0], message: RegExp): Promise<void> => {
      await expect(folder.journal(options).open()).rejects.toThrow(message);
    };
    await refused({ engine: "another" }, /belongs to engine engine/);
    await refused({ inputTopics: { in: 4, second: 1 } }, /topic in has 2 partitions in the journal, but 4/);
    await refused({ outputTopics: { out: 1, other: 1 } }, /topic out has 3 partitions in the journal, but 1/);
    await refused({ progressTopic: "advance" }, /progress in topic progress/);
    await refused({ outputTopics: { out: 3, "a/b": 1 } }, /topic name "a\/b"/);
    await refused({ outputTopics: { out: 3, second: 1 } }, /topic second is used twice/);
    expect(folder.contents()).toEqual(contents);

    for (const [name, message] of [
      ["progress-0.ndjson", /lost progress-0.ndjson/],
      ["appended.ndjson", /lost appended.ndjson/],
      ["journal.json", /but no journal.json/],
    ] as const) {
      folder.remove(name);
      await refused({}, message);
      folder.restore(contents);
    }
    folder.write("journal.json", contents.get("journal.json")!.replace('"format": 1', '"format": 2'));
    await refused({}, /format 2; this version reads format 1/);
    folder.restore(contents);
    folder.write("out-0.ndjson", "");
    await refused({}, /out-0.ndjson of the journal has 0 bytes, but \d+ were committed/);
    folder.restore(contents);
    expect(await published(await started())).toEqual([0]);
  });

  test("takes new topics, and keeps those that the configuration no longer names", async () => {
    const journal = await started();
    await journal.publish(batch("1", output(0)));
    await journal.close();
    const other = await started({ outputTopics: { flags: 1 } });
    await other.publish(batch("2", { ...output(1), topic: "flags" }));
    await other.close();
    const again = await started({ outputTopics: { out: 3, flags: 1 } });
    await again.publish(batch("3", output(2)));
    expect(await published(again)).toEqual([0, 2]);
  });
});

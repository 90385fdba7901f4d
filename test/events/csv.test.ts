import { createReadStream } from "node:fs";
import { describe, expect, it } from "vitest";
import type { CsvSource } from "../../src/events/formats/csv.ts";
import { assignmentBlocks, assignmentRows } from "../../src/events/formats/csv-assignments.ts";
import { ENTITLEMENT_COLUMNS, entitlementRows } from "../../src/events/formats/csv-entitlements.ts";
import { IDENTITY_COLUMNS, identityRows } from "../../src/events/formats/csv-identities.ts";

const EXAMPLE = new URL("../fixtures/example/", import.meta.url);
const example = (file: string): CsvSource => ({
  file,
  bytes: createReadStream(new URL(file, EXAMPLE)),
  delimiter: ",",
});

/** The text in pieces of a few bytes, so that every border is met. */
function source(text: string | Buffer, delimiter = ",", pieceBytes = 7): CsvSource {
  const bytes = Buffer.from(text as string);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
  }
  return { file: "people.csv", bytes: pieces(), delimiter };
}

async function all<Row>(blocks: AsyncIterable<readonly Row[]>): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const block of blocks) rows.push(...block);
  return rows;
}
const identities = (text: string | Buffer, columns = {}, delimiter = ",", pieceBytes = 7) =>
  all(identityRows(source(text, delimiter, pieceBytes), { ...IDENTITY_COLUMNS, ...columns }));
const assignments = (text: string) => all(assignmentRows(assignmentBlocks(source(text))));

describe("the seed's files", () => {
  it("are read as they stand", async () => {
    const people = await all(identityRows(example("identities.csv")));
    expect(people).toHaveLength(11);
    expect(people[0]).toEqual({
      line: 2,
      user: "alice.1",
      attributes: [
        ["CITY", ["San Jose"]],
        ["DEPT", ["Finance"]],
      ],
      fields: {},
    });
    const catalog = await all(entitlementRows(example("entitlements.csv")));
    expect(catalog).toEqual([
      { line: 2, entitlement: "Payroll Report", fields: { application: "ADP", applicationId: "adp-1" } },
      { line: 3, entitlement: "Expenses", fields: { application: "Expensify", applicationId: "expensify-1" } },
    ]);
    const access = await all(assignmentRows(assignmentBlocks(example("assignments.csv"))));
    expect(access).toHaveLength(14);
    expect(access[13]).toEqual({
      user: "karen.11",
      entitlement: "Expenses",
      assigned: true,
      highRisk: true,
      lastUsedAt: Date.UTC(2020, 5, 6, 17, 11, 7),
    });
  });
});

describe("forms of CSV", () => {
  it("reads the same from LF, CRLF, with byte order mark, without last line end, in pieces of any size", async () => {
    const expected = await identities("USR_KEY,CITY\nü.1,Zürich\n\nb,東京\n");
    expect(expected.map(({ line, user }) => [line, user])).toEqual([
      [2, "ü.1"],
      [4, "b"],
    ]);
    for (const pieceBytes of [1, 2, 3, 5, 1000]) {
      for (const text of [
        "\ufeffUSR_KEY,CITY\nü.1,Zürich\n\nb,東京",
        "USR_KEY,CITY\r\nü.1,Zürich\r\n\r\nb,東京\r\n",
        '"USR_KEY","CITY"\r\n"ü.1",Zürich\r\n\r\nb,"東京"\r\n',
      ]) {
        expect(await identities(text, {}, ",", pieceBytes)).toEqual(expected);
      }
    }
  });

  it("reads quotes, delimiters and line ends inside quotes, and counts lines", async () => {
    const rows = await identities('USR_KEY,"CITY, or ""town"""\n"a,""1""","x\r\ny\nz"\nb,w\n');
    expect(rows).toEqual([
      { line: 2, user: 'a,"1"', attributes: [['CITY, or "town"', ["x\r\ny\nz"]]], fields: {} },
      { line: 5, user: "b", attributes: [['CITY, or "town"', ["w"]]], fields: {} },
    ]);
  });

  it("reads other delimiters, and neither trims nor folds", async () => {
    const rows = await identities("USR_KEY;CITY\n a ;San Jose, CA \n", {}, ";");
    expect(rows[0]).toMatchObject({ user: " a ", attributes: [["CITY", ["San Jose, CA "]]] });
    expect(await identities("USR_KEY§CITY\n a §San Jose, CA \n", {}, "§")).toEqual(rows);
  });

  it("reads as many columns as there are, and rows of empty values", async () => {
    const columns = Array.from({ length: 40 }, (_, i) => `C${i}`);
    for (const quote of ["", '"']) {
      const line = (values: readonly string[]): string => values.map((value) => quote + value + quote).join(",");
      const text = [
        ["USR_KEY", ...columns],
        ["a", ...columns.map((name) => `${name}é`)],
        ["b", ...columns.map(() => "")],
      ]
        .map((values) => `${line(values)}\r\n`)
        .join("");
      expect(await identities(text)).toEqual([
        { line: 2, user: "a", attributes: columns.map((name) => [name, [`${name}é`]]), fields: {} },
        { line: 3, user: "b", attributes: columns.map((name) => [name, []]), fields: {} },
      ]);
    }
  });

  it("keeps an attribute that is called __proto__", async () => {
    expect((await identities("USR_KEY,__proto__\na,x\n"))[0]?.attributes).toEqual([["__proto__", ["x"]]]);
  });
});

describe("bad files", () => {
  it.each([
    ["an empty file", "", /people\.csv is empty/],
    ["a byte order mark only", "\ufeff", /people\.csv is empty/],
    ["a missing column", "USER,CITY\na,b\n", /line 1: there is no column USR_KEY; the columns are USER, CITY/],
    ["a duplicated header", "USR_KEY,CITY,CITY\na,b,c\n", /line 1: columns 2 and 3 are both called CITY/],
    ["a header without name", "USR_KEY,,CITY\n", /line 1: column 2 has no name/],
    ["too few values", "USR_KEY,CITY\na,b\nc\n", /line 3: 1 values, but the header names 2 columns/],
    ["too many values", 'USR_KEY,CITY\n"a",b\nc,d,e\n', /line 3: 3 values, but the header names 2 columns/],
    ["the same user twice", "USR_KEY,CITY\na,b\nc,d\na,e\n", /line 4: the same USR_KEY as in line 2/],
    ["an empty user", "USR_KEY,CITY\n,b\n", /line 2: USR_KEY is empty/],
    ["a quote that is never closed", 'USR_KEY,CITY\na,b\nc,"d\ne,f\n', /line 3: the quotes do not match/],
    ["a quote in the middle", 'USR_KEY,CITY\na,b\nc,d"e"\n', /line 3: the quotes do not match/],
    ["text behind a closing quote", 'USR_KEY,CITY\na,"b"c\n', /line 2: the quotes do not match/],
    ["a long text", `USR_KEY,CITY\na,${"x".repeat(1025)}\n`, /line 2: CITY is not an allowed text: it is 1025 bytes/],
    ["U+0000", "USR_KEY,CITY\na,\0\n", /line 2: CITY is not an allowed text/],
  ])("%s: names file and line", async (_name, text, message) => {
    await expect(identities(text)).rejects.toThrow(message);
    await expect(identities(text, {}, ",", 1000)).rejects.toMatchObject({ code: "input" });
  });

  it("says that bytes are not UTF-8", async () => {
    await expect(identities(Buffer.from("USR_KEY,CITY\na,M\xfcnchen\n", "latin1"))).rejects.toThrow(
      /line 2 are not UTF-8/,
    );
    await expect(identities(Buffer.from("USR_KEY,CITY\na,M\xc3", "latin1"))).rejects.toThrow(/not UTF-8/);
  });

  it("does not collect a whole file behind a quote", async () => {
    const text = `USR_KEY,CITY\n"${"x,y\n".repeat(400_000)}`;
    await expect(identities(text, {}, ",", 65_536)).rejects.toThrow(/line 2: the quotes do not match/);
  });

  it("takes a header without rows", async () => {
    expect(await identities("USR_KEY,CITY\n")).toEqual([]);
  });
});

describe("mapped columns", () => {
  it("takes user, fields, chosen attributes and several values from the named columns", async () => {
    const rows = await identities("id,full,mail,boss,CITY,SKILLS,junk\na,Ann,,b,Rome,x|y||x,1\n", {
      user: "id",
      attributes: ["CITY", "SKILLS"],
      fields: { name: "full", email: "mail", manager: "boss" },
      separators: { SKILLS: "|" },
    });
    expect(rows).toEqual([
      {
        line: 2,
        user: "a",
        attributes: [
          ["CITY", ["Rome"]],
          ["SKILLS", ["x", "y"]],
        ],
        fields: { name: "Ann", email: null, manager: "b" },
      },
    ]);
  });

  it("leaves mapped columns out of the attributes; names a mapped column that is missing", async () => {
    const rows = await identities("USR_KEY,kind,CITY\na,contractor,Rome\n", { fields: { kind: "kind" } });
    expect(rows[0]).toMatchObject({ attributes: [["CITY", ["Rome"]]], fields: { kind: "contractor" } });
    await expect(identities("USR_KEY,CITY\n", { fields: { name: "full" } })).rejects.toThrow(/no column full/);
    await expect(identities("USR_KEY,CITY\n", { attributes: ["TOWN"] })).rejects.toThrow(/no column TOWN/);
    await expect(identities("USR_KEY,CITY\n", { separators: { TOWN: ";" } })).rejects.toThrow(/no column TOWN/);
  });

  it("reads every field of a catalog entry", async () => {
    const columns = {
      ...ENTITLEMENT_COLUMNS,
      fields: { name: "N", application: "A", applicationId: "I", owner: "O", risk: "R", tags: "T", requestable: "Q" },
    };
    const text = "ENT,N,A,I,O,R,T,Q\ne,n,a,i,,High,x;y;x,no\n";
    expect(await all(entitlementRows(source(text), columns))).toEqual([
      {
        line: 2,
        entitlement: "e",
        fields: {
          name: "n",
          application: "a",
          applicationId: "i",
          owner: null,
          risk: "high",
          tags: ["x", "y"],
          requestable: false,
        },
      },
    ]);
    await expect(all(entitlementRows(source("ENT,N,A,I,O,R,T,Q\ne,,,,,huge,,\n"), columns))).rejects.toThrow(
      /line 2: R is not/,
    );
    await expect(all(entitlementRows(source("ENT,APP_NAME,APP_ID\ne,,\ne,,\n")))).rejects.toThrow(
      /line 3: the same ENT as in line 2/,
    );
  });
});

describe("assignments", () => {
  it("reads flags in their usual spellings", async () => {
    const rows = await assignments(
      "USR_KEY,ENT,HIGH_RISK,ASSIGNED\na,1,High,\nb,1,true,1\nc,1,YES,true\nd,1,low,0\ne,1,,No\nf,1,FALSE,false\n",
    );
    expect(rows.map(({ highRisk, assigned }) => [highRisk, assigned])).toEqual([
      [true, true],
      [true, true],
      [true, true],
      [false, false],
      [null, false],
      [false, false],
    ]);
  });

  it("needs only user and entitlement", async () => {
    expect(await assignments("ENT,USR_KEY\ne,u\n")).toEqual([
      { user: "u", entitlement: "e", assigned: true, highRisk: null, lastUsedAt: null },
    ]);
    await expect(assignments("USR_KEY\nu\n")).rejects.toThrow(/no column ENT/);
  });

  it("reads times with and without zone, dates, and nothing as never", async () => {
    const rows = await assignments(
      "USR_KEY,ENT,LAST_USAGE\na,1,2020-06-06 17:11:07\nb,1,2020-06-06T17:11:07+02:00\nc,1,2020-06-06\nd,1,\n",
    );
    expect(rows.map(({ lastUsedAt }) => lastUsedAt)).toEqual([
      Date.UTC(2020, 5, 6, 17, 11, 7),
      Date.UTC(2020, 5, 6, 15, 11, 7),
      Date.UTC(2020, 5, 6),
      null,
    ]);
  });

  it.each([
    ["USR_KEY,ENT,LAST_USAGE\na,1,2020-02-30 00:00:00\n", /line 2: LAST_USAGE is not an RFC 3339 time/],
    ["USR_KEY,ENT,HIGH_RISK\na,1,maybe\n", /line 2: HIGH_RISK is not one of high, /],
    ["USR_KEY,ENT,ASSIGNED\na,1,High\n", /line 2: ASSIGNED is not one of true, /],
    ["USR_KEY,ENT,ASSIGNED\na,1,1\na,1,0\n", /line 3: contradicts line 2/],
    ["USR_KEY,ENT,HIGH_RISK\na,1,1\nb,1,1\na,1,0\n", /line 4: contradicts line 2/],
  ])("refuses %j", async (text, message) => {
    await expect(assignments(text)).rejects.toThrow(message);
  });

  it("takes the same assignment twice", async () => {
    expect(await assignments("USR_KEY,ENT\na,1\na,1\n")).toHaveLength(2);
  });
});

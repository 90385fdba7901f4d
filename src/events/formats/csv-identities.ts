/** A file of people: one row a person, each column an attribute unless it is mapped to something else. */
import type { Attribute } from "../event.ts";
import { type CsvSource, csvError } from "./csv.ts";
import type { CsvRows } from "./csv-rows.ts";
import { type CsvHeader, keyAt, tableRows, textAt } from "./csv-table.ts";
import { CsvTexts } from "./csv-texts.ts";
import { ATTRIBUTES_MAX } from "./native.ts";

/** Fields of an identity that a column can be mapped to, besides its attributes. */
export type IdentityField = "name" | "email" | "manager" | "kind" | "company";

export interface IdentityColumns {
  readonly user: string;
  /** null: every column that is not mapped otherwise. */
  readonly attributes: readonly string[] | null;
  readonly fields: Readonly<Partial<Record<IdentityField, string>>>;
  /** Separator of the values, by column; other columns have one value. */
  readonly separators: Readonly<Record<string, string>>;
}

export const IDENTITY_COLUMNS: IdentityColumns = { user: "USR_KEY", attributes: null, fields: {}, separators: {} };

export interface IdentityCsvRow {
  readonly line: number;
  readonly user: string;
  /** All attributes of the file; one without value is null. */
  readonly attributes: readonly Attribute[];
  /** Only what is mapped; null when empty. */
  readonly fields: Readonly<Partial<Record<IdentityField, string | null>>>;
}

/** Yields the rows in blocks. Rejects with AppError("input") naming file and line, for the same user twice both lines. */
export function identityRows(
  source: CsvSource,
  columns: IdentityColumns = IDENTITY_COLUMNS,
): AsyncGenerator<readonly IdentityCsvRow[]> {
  return tableRows(source, (header) => openIdentities(header, columns));
}

function openIdentities(header: CsvHeader, columns: IdentityColumns): (row: CsvRows) => IdentityCsvRow {
  const userIndex = header.find(columns.user, true) as number;
  const fieldIndexes = Object.entries(columns.fields).map(
    ([field, column]) => [field, header.find(column, true) as number] as const,
  );
  const attributes = attributeColumns(header, columns);
  const lines = new Map<string, number>();
  return (row) => {
    const user = keyAt(row, userIndex, header);
    const earlierLine = lines.get(user);
    if (earlierLine !== undefined) {
      throw csvError(header.file, row.line, `the same ${columns.user} as in line ${earlierLine}`);
    }
    lines.set(user, row.line);
    return {
      line: row.line,
      user,
      attributes: attributes.map((attributeAt) => attributeAt(row)),
      fields: Object.fromEntries(fieldIndexes.map(([field, index]) => [field, textAt(row, index, header) || null])),
    };
  };
}

/** More different texts than this hardly come again. */
const TEXTS_KEPT_MAX = 10_000;

function attributeColumns(header: CsvHeader, columns: IdentityColumns): ((row: CsvRows) => Attribute)[] {
  const taken = new Set([columns.user, ...Object.values(columns.fields)]);
  const names = columns.attributes ?? header.columns.filter((column) => !taken.has(column));
  for (const column of Object.keys(columns.separators)) header.find(column, true);
  if (names.length > ATTRIBUTES_MAX) {
    throw csvError(header.file, 1, `${names.length} attributes; at most ${ATTRIBUTES_MAX} are allowed`);
  }
  const separators = new Map(Object.entries(columns.separators));
  return names.map((name) => attributeReader(name, separators.get(name) ?? null, header));
}

/** What an attribute is in a row; the same text gives the same object. */
function attributeReader(name: string, separator: string | null, header: CsvHeader): (row: CsvRows) => Attribute {
  const index = header.find(name, true) as number;
  const newTexts = (): CsvTexts => new CsvTexts(index, (row) => textAt(row, index, header));
  let texts = newTexts();
  let attributes: Attribute[] = [];
  return (row) => {
    if (texts.size === TEXTS_KEPT_MAX) [texts, attributes] = [newTexts(), []];
    const number = texts.numberAt(row);
    if (number === attributes.length) attributes.push([name, attributeValues(texts.textOf(number), separator)]);
    return attributes[number]!;
  };
}

function attributeValues(text: string, separator: string | null): readonly string[] {
  if (text === "") return [];
  if (separator === null) return [text];
  return [...new Set(text.split(separator).filter((value) => value !== ""))];
}

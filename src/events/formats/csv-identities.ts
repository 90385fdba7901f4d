/** A file of people: one row a person, each column an attribute unless it is mapped to something else. */
import type { Attribute } from "../event.ts";
import { type CsvRow, type CsvSource, csvError } from "./csv.ts";
import { type CsvHeader, keyAt, tableRows, textAt } from "./csv-table.ts";
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

function openIdentities(header: CsvHeader, columns: IdentityColumns): (row: CsvRow) => IdentityCsvRow {
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
      attributes: attributes.map((column) => attributeAt(column, row, header)),
      fields: Object.fromEntries(fieldIndexes.map(([field, index]) => [field, textAt(row, index, header) || null])),
    };
  };
}

interface AttributeColumn {
  readonly name: string;
  readonly index: number;
  readonly separator: string | null;
  /** What was made of the texts of earlier rows. */
  readonly seen: Map<string, Attribute>;
}

/** More different texts than this hardly come again. */
const TEXTS_SEEN_MAX = 10_000;

function attributeColumns(header: CsvHeader, columns: IdentityColumns): readonly AttributeColumn[] {
  const taken = new Set([columns.user, ...Object.values(columns.fields)]);
  const names = columns.attributes ?? header.columns.filter((column) => !taken.has(column));
  for (const column of Object.keys(columns.separators)) header.find(column, true);
  if (names.length > ATTRIBUTES_MAX) {
    throw csvError(header.file, 1, `${names.length} attributes; at most ${ATTRIBUTES_MAX} are allowed`);
  }
  const separators = new Map(Object.entries(columns.separators));
  return names.map((name) => ({
    name,
    index: header.find(name, true) as number,
    separator: separators.get(name) ?? null,
    seen: new Map(),
  }));
}

function attributeAt({ name, index, separator, seen }: AttributeColumn, row: CsvRow, header: CsvHeader): Attribute {
  const known = seen.get(row.values[index]!);
  if (known !== undefined) return known;
  const text = textAt(row, index, header);
  const attribute: Attribute = [name, attributeValues(text, separator)];
  if (seen.size < TEXTS_SEEN_MAX) seen.set(text, attribute);
  return attribute;
}

function attributeValues(text: string, separator: string | null): readonly string[] {
  if (text === "") return [];
  if (separator === null) return [text];
  return [...new Set(text.split(separator).filter((value) => value !== ""))];
}

/** A file of entitlements: one row a catalog entry. */
import type { RiskLevel } from "../event.ts";
import { RISK_LEVELS } from "../fields.ts";
import { type CsvSource, csvError } from "./csv.ts";
import type { CsvRows } from "./csv-rows.ts";
import { booleanAt, type CsvHeader, keyAt, tableRows, textAt } from "./csv-table.ts";

/** What a catalog entry says. A field that a file has no column for is absent. */
export interface CatalogFields {
  readonly name?: string | null;
  readonly application?: string | null;
  readonly applicationId?: string | null;
  readonly owner?: string | null;
  readonly risk?: RiskLevel | null;
  readonly tags?: readonly string[] | null;
  readonly requestable?: boolean | null;
}

export interface EntitlementColumns {
  readonly entitlement: string;
  readonly fields: Readonly<Partial<Record<keyof CatalogFields, string>>>;
  readonly tagSeparator: string;
}

export const ENTITLEMENT_COLUMNS: EntitlementColumns = {
  entitlement: "ENT",
  fields: { application: "APP_NAME", applicationId: "APP_ID" },
  tagSeparator: ";",
};

export interface EntitlementCsvRow {
  readonly line: number;
  readonly entitlement: string;
  readonly fields: CatalogFields;
}

/** Yields the rows in blocks. Rejects with AppError("input") naming file and line. */
export function entitlementRows(
  source: CsvSource,
  columns: EntitlementColumns = ENTITLEMENT_COLUMNS,
): AsyncGenerator<readonly EntitlementCsvRow[]> {
  return tableRows(source, (header) => openEntitlements(header, columns));
}

function openEntitlements(header: CsvHeader, columns: EntitlementColumns): (row: CsvRows) => EntitlementCsvRow {
  const entitlementIndex = header.find(columns.entitlement, true) as number;
  const fieldIndexes = Object.entries(columns.fields).map(
    ([field, column]) => [field as keyof CatalogFields, header.find(column, true) as number] as const,
  );
  const lines = new Map<string, number>();
  return (row) => {
    const entitlement = keyAt(row, entitlementIndex, header);
    const earlierLine = lines.get(entitlement);
    if (earlierLine !== undefined) {
      throw csvError(header.file, row.line, `the same ${columns.entitlement} as in line ${earlierLine}`);
    }
    lines.set(entitlement, row.line);
    const fields = fieldIndexes.map(([field, index]) => [field, fieldAt(field, row, index, header, columns)]);
    return { line: row.line, entitlement, fields: Object.fromEntries(fields) as CatalogFields };
  };
}

function fieldAt(
  field: keyof CatalogFields,
  row: CsvRows,
  index: number,
  header: CsvHeader,
  columns: EntitlementColumns,
): string | boolean | readonly string[] | null {
  switch (field) {
    case "requestable":
      return booleanAt(row, index, header);
    case "tags": {
      const tags = textAt(row, index, header).split(columns.tagSeparator);
      return [...new Set(tags.filter((tag) => tag !== ""))];
    }
    case "risk": {
      const risk = textAt(row, index, header).toLowerCase();
      if (risk === "" || RISK_LEVELS.some((level) => level === risk)) return risk || null;
      throw csvError(
        header.file,
        row.line,
        `${header.columns[index]} is not one of ${RISK_LEVELS.join(", ")}, or empty`,
      );
    }
    default:
      return textAt(row, index, header) || null;
  }
}

/** `--column file.field=COLUMN`: which columns of the CSV files mean what. */
import { AppError } from "../errors.ts";
import { ASSIGNMENT_COLUMNS, type AssignmentColumns } from "../events/formats/csv-assignments.ts";
import { ENTITLEMENT_COLUMNS, type EntitlementColumns } from "../events/formats/csv-entitlements.ts";
import { IDENTITY_COLUMNS, type IdentityColumns } from "../events/formats/csv-identities.ts";

export interface ImportColumns {
  readonly identities: IdentityColumns;
  readonly entitlements: EntitlementColumns;
  readonly assignments: AssignmentColumns;
}

const IDENTITY_FIELDS = ["name", "email", "manager", "kind", "company"];
const ENTITLEMENT_FIELDS = ["name", "application", "applicationId", "owner", "risk", "tags", "requestable"];
const ASSIGNMENT_FIELDS = Object.keys(ASSIGNMENT_COLUMNS);

const ALLOWED = [
  ...["user", "attributes", ...IDENTITY_FIELDS, "separator.<COLUMN>"].map((field) => `identities.${field}`),
  ...["entitlement", ...ENTITLEMENT_FIELDS, "tagSeparator"].map((field) => `entitlements.${field}`),
  ...ASSIGNMENT_FIELDS.map((field) => `assignments.${field}`),
];

/** Throws AppError("usage") for a field that there is not. */
export function importColumns(mappings: readonly string[]): ImportColumns {
  return mappings.reduce(mapped, {
    identities: IDENTITY_COLUMNS,
    entitlements: ENTITLEMENT_COLUMNS,
    assignments: ASSIGNMENT_COLUMNS,
  });
}

function mapped(columns: ImportColumns, mapping: string): ImportColumns {
  const [, file = "", field = "", column = ""] = /^(\w+)\.([^=]+)=(.+)$/.exec(mapping) ?? [];
  const next =
    file === "identities"
      ? mappedIdentity(columns.identities, field, column)
      : file === "entitlements"
        ? mappedEntitlement(columns.entitlements, field, column)
        : file === "assignments" && ASSIGNMENT_FIELDS.includes(field)
          ? { ...columns.assignments, [field]: column }
          : null;
  if (next === null)
    throw new AppError(
      "usage",
      `--column ${mapping} is not known`,
      `allowed: file.field=COLUMN with one of ${ALLOWED.join(", ")}`,
    );
  return { ...columns, [file]: next };
}

function mappedIdentity(columns: IdentityColumns, field: string, column: string): IdentityColumns | null {
  if (field === "user") return { ...columns, user: column };
  if (field === "attributes") return { ...columns, attributes: column.split(",") };
  if (IDENTITY_FIELDS.includes(field)) return { ...columns, fields: { ...columns.fields, [field]: column } };
  if (!field.startsWith("separator.")) return null;
  const name = field.slice("separator.".length);
  return { ...columns, separators: { ...columns.separators, [name]: column } };
}

function mappedEntitlement(columns: EntitlementColumns, field: string, column: string): EntitlementColumns | null {
  if (field === "entitlement") return { ...columns, entitlement: column };
  if (field === "tagSeparator") return { ...columns, tagSeparator: column };
  if (ENTITLEMENT_FIELDS.includes(field)) return { ...columns, fields: { ...columns.fields, [field]: column } };
  return null;
}

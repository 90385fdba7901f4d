/**
 * One SQLite connection: opening, transactions, and errors that say what to do.
 *
 * 1. Statements run one at a time, in the order they were asked for; never two transactions at once.
 * 2. Transactions are BEGIN IMMEDIATE and COMMIT of our own: `tx` of @databases/sqlite begins deferred, and when SQLite
 *    has already rolled back (disk full) its ROLLBACK fails and hides the reason.
 * 3. The file is never opened by `fs` while SQLite has it open: closing any descriptor of it would drop the locks.
 */
import { access, constants, stat } from "node:fs/promises";
import { dirname } from "node:path";
import sqlite, { type DatabaseConnection, type SQLQuery } from "@databases/sqlite";
import { AppError } from "../errors.ts";

const { sql, DatabaseConnectionMode } = sqlite;

/** Older ones can damage a WAL database that a second connection opens. */
const SQLITE_VERSION_MIN = "3.51.3";
const BUSY_TIMEOUT_MS = 5_000;
const CACHE_KIB = 64 * 1024;
/** 4 KiB pages after which a commit moves the WAL into the database: every outbox takes the same ones again. */
const CHECKPOINT_PAGES = 16_000;
const WAL_KEPT_BYTES = 128 * 1024 * 1024;

type AccessMode = "read" | "create";

export class Database {
  readonly path: string;
  readonly #connection: DatabaseConnection;

  private constructor(path: string, connection: DatabaseConnection) {
    this.path = path;
    this.#connection = connection;
  }

  static async open(path: string, mode: AccessMode, busyTimeoutMs: number = BUSY_TIMEOUT_MS): Promise<Database> {
    await checkAccess(path, mode);
    const connection = sqlite.default(path, {
      mode: mode === "read" ? DatabaseConnectionMode.ReadOnly : DatabaseConnectionMode.ReadWriteCreate,
      busyTimeout: busyTimeoutMs,
    });
    return new Database(path, connection);
  }

  /** Makes the settings of a state database, which hold for one connection. Rejects a SQLite that is too old. */
  async prepare(): Promise<void> {
    const [row] = await this.query<{ version: string }>(sql`SELECT sqlite_version() AS version`);
    checkSqliteVersion(row!.version);
    await this.setPragma("synchronous", "FULL");
    await this.setPragma("cache_size", -CACHE_KIB);
    await this.setPragma("wal_autocheckpoint", CHECKPOINT_PAGES);
    await this.setPragma("journal_size_limit", WAL_KEPT_BYTES);
  }

  async query<Row>(statement: SQLQuery): Promise<readonly Row[]> {
    try {
      return (await this.#connection.query(statement)) as readonly Row[];
    } catch (error) {
      throw stateError(this.path, error);
    }
  }

  /** All of `work` or nothing. A failed one is rolled back; its own error is what the caller sees. */
  async transaction<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.query(sql`BEGIN IMMEDIATE`);
    try {
      const result = await work();
      await this.query(sql`COMMIT`);
      return result;
    } catch (error) {
      // SQLite may have rolled back already; then this ROLLBACK has nothing to do and says so.
      await this.query(sql`ROLLBACK`).catch(() => undefined);
      throw error;
    }
  }

  async pragma(name: string): Promise<unknown> {
    const [row] = await this.query<Record<string, unknown>>(sql`PRAGMA ${sql.ident(name)}`);
    return row?.[name];
  }

  async setPragma(name: string, value: string | number): Promise<void> {
    await this.query(sql`PRAGMA ${sql.ident(name)} = ${sql.ident(String(value))}`);
  }

  /** What SQLite finds wrong with the file; empty when it is whole. `quick` leaves out the comparison with indexes. */
  async damage(check: "quick_check" | "integrity_check"): Promise<readonly string[]> {
    const rows = await this.query<Record<string, string>>(sql`PRAGMA ${sql.ident(check)}`);
    return rows.map((row) => row[check] ?? "").filter((line) => line !== "ok");
  }

  async close(): Promise<void> {
    await this.#connection.dispose();
  }
}

export async function sqliteVersion(): Promise<string> {
  const connection = sqlite.default();
  try {
    const [row] = (await connection.query(sql`SELECT sqlite_version() AS version`)) as { version: string }[];
    return row!.version;
  } finally {
    await connection.dispose();
  }
}

export function checkSqliteVersion(version: string): void {
  if (rank(version) >= rank(SQLITE_VERSION_MIN)) return;
  throw new AppError(
    "state",
    `SQLite is ${version}; at least ${SQLITE_VERSION_MIN} is needed`,
    'Install the package sqlite3 6.0.1 ("overrides": {"sqlite3": "6.0.1"} in package.json).',
  );
}

/** As SQLite numbers its versions: 3.51.3 is 3051003. */
function rank(version: string): number {
  return version.split(".").reduce((sum, part) => sum * 1_000 + Number(part), 0);
}

/** A connection that cannot open its file never answers, so what can be known is asked first. */
async function checkAccess(path: string, mode: AccessMode): Promise<void> {
  const needed = mode === "read" ? constants.R_OK : constants.R_OK | constants.W_OK;
  try {
    await access(dirname(path), needed | constants.X_OK);
    await access(path, needed);
    if (!(await stat(path)).isFile()) throw Object.assign(new Error("not a file"), { code: "not a file" });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && mode === "create") return;
    throw new AppError(
      "state",
      code === "ENOENT" ? `there is no ${path}` : `cannot open ${path} (${String(code)})`,
      code === "ENOENT" ? "Name the right folder with --data." : "Check the owner and the permissions of the folder.",
      error,
    );
  }
}

const DAMAGED_HINT = "Restore a backup (corollary restore) or rebuild the state from its inputs (corollary rebuild).";

export function damagedError(path: string, finding: string, cause?: unknown): AppError {
  return new AppError("state", `${path} is damaged: ${finding}`, DAMAGED_HINT, cause);
}

function stateError(path: string, error: unknown): AppError {
  const { code, message } = error as { code?: string; message: string };
  switch (code) {
    case "SQLITE_FULL":
      return new AppError("state", `no room to write ${path}`, "Make room on the disk and start again.", error);
    case "SQLITE_IOERR":
      return new AppError(
        "state",
        `cannot read or write ${path}: ${message}`,
        "Check the disk and start again.",
        error,
      );
    case "SQLITE_CORRUPT":
    case "SQLITE_NOTADB":
      return damagedError(path, message, error);
    case "SQLITE_BUSY":
    case "SQLITE_LOCKED":
      return new AppError("locked", `${path} is in use by another program`, "Close that program and try again.", error);
    case "SQLITE_READONLY":
    case "SQLITE_PERM":
    case "SQLITE_CANTOPEN":
    case "SQLITE_AUTH":
      return new AppError(
        "state",
        `cannot open or write ${path}: ${message}`,
        "Check the owner and the permissions of the folder.",
        error,
      );
    default:
      return new AppError("internal", `${path}: ${message}`, null, error);
  }
}

/**
 * Every failure that a person must act on is an AppError: what went wrong, why, and what to do about it.
 * The code decides the exit code; the list of codes is closed.
 */
export type ErrorCode =
  | "usage" // bad command line
  | "config" // bad configuration, found before anything starts
  | "input" // a file or record cannot be used
  | "state" // the state folder cannot be trusted or belongs to something else
  | "locked" // another process owns the state
  | "transport" // the broker or the journal refuses or is unreachable
  | "fenced" // a rival took over; this process must write nothing more
  | "differs" // a check found differences
  | "internal"; // a broken invariant: a bug

/** Documented in the README: the exit code of the process for each kind of failure. 0 is success. */
export const EXIT_CODES: Readonly<Record<ErrorCode, number>> = {
  differs: 1,
  usage: 2,
  config: 3,
  input: 4,
  state: 5,
  locked: 6,
  transport: 7,
  fenced: 8,
  internal: 70,
};

export class AppError extends Error {
  readonly code: ErrorCode;
  /** What the reader should do now; one sentence. */
  readonly hint: string | null;

  constructor(code: ErrorCode, message: string, hint: string | null = null, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "AppError";
    this.code = code;
    this.hint = hint;
  }
}

/** An error on its way from one thread to another. */
export interface Failure {
  /** As far as an error survives between threads: message, stack and causes. */
  readonly error: unknown;
  /** Of an AppError. */
  readonly code: ErrorCode | null;
  readonly hint: string | null;
}

export function failureOf(error: unknown): Failure {
  return error instanceof AppError ? { error, code: error.code, hint: error.hint } : { error, code: null, hint: null };
}

export function errorOf({ error, code, hint }: Failure): unknown {
  return code !== null && error instanceof Error ? new AppError(code, error.message, hint, error) : error;
}

/** For the default branch of a switch over a union: a compile error when a case is missing. */
export function unreachable(value: never): never {
  throw new AppError("internal", `unreachable: ${JSON.stringify(value)}`);
}

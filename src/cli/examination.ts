/** What `doctor` finds: facts, things to know, and things to mend, by subject. */
import { AppError } from "../errors.ts";

export class Subject {
  readonly name: string;
  /** For people. */
  readonly lines: string[] = [];
  /** For programs. */
  readonly facts: Record<string, unknown> = {};
  readonly warnings: string[] = [];
  /** Each a reason for exit code 1. */
  readonly problems: string[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** Runs a check that throws AppError where something is wrong; true: nothing is. */
  holds(check: () => void): boolean {
    try {
      check();
      return true;
    } catch (error) {
      this.problems.push(problemText(error));
      return false;
    }
  }
}

export class Examination {
  readonly subjects: Subject[] = [];

  /** What `look` finds; null where it could not look, which is a problem of its own. */
  async of<T>(name: string, look: (subject: Subject) => T | Promise<T>): Promise<T | null> {
    const subject = new Subject(name);
    this.subjects.push(subject);
    try {
      return await look(subject);
    } catch (error) {
      subject.problems.push(problemText(error));
      return null;
    }
  }

  get problems(): number {
    return this.subjects.reduce((sum, { problems }) => sum + problems.length, 0);
  }

  *lines(): Generator<string> {
    for (const { name, lines, warnings, problems } of this.subjects) {
      if (lines.length + warnings.length + problems.length === 0) continue;
      yield name;
      for (const line of lines) yield `  ${line}`;
      for (const warning of warnings) yield `  Warning: ${warning}`;
      for (const problem of problems) yield `  PROBLEM: ${problem}`;
    }
  }

  toJson(): object {
    const subjects = this.subjects.map(({ name, facts, warnings, problems }) => [
      name,
      { ...facts, warnings, problems },
    ]);
    return Object.fromEntries(subjects) as object;
  }
}

function problemText(error: unknown): string {
  if (!(error instanceof AppError)) throw error;
  return error.hint === null ? error.message : `${error.message} — ${error.hint}`;
}

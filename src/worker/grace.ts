/** The end by a signal, whatever is under way: at the next border, or a while later without it. */

/** SIGTERM ends a worker within 10 s: this long to come to a border, the rest to close. */
const GRACE_MS = 5_000;

export const NO_SIGNAL: AbortSignal = new AbortController().signal;

/**
 * Ends as `work` does, or with an AbortError when the signal is 5 s old. The work then goes on unheard; it must ask the
 * signal before it begins anything that another process could see.
 */
export async function withinGrace<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  let startTimer = (): void => undefined;
  const expired = new Promise<never>((_, reject) => {
    startTimer = () => {
      timer = setTimeout(() => reject(new DOMException("not done in time after the signal", "AbortError")), GRACE_MS);
    };
  });
  if (signal.aborted) startTimer();
  else signal.addEventListener("abort", startTimer, { once: true });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", startTimer);
    work.catch(() => undefined);
  }
}

/** Throws an AbortError when the signal is given. */
export function checkSignal(signal: AbortSignal): void {
  if (signal.aborted) throw new DOMException("ended by the signal", "AbortError");
}

export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

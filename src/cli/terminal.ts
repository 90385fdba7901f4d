/** What a command may touch of the outside. main.ts makes it from the process, tests make their own. */
export interface Terminal {
  readonly stdin: NodeJS.ReadableStream;
  /** Data and answers. */
  readonly stdout: Output;
  /** Errors, progress and log lines. */
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C and SIGTERM: end at the next step border. */
  readonly signal: AbortSignal;
}

export type Output = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

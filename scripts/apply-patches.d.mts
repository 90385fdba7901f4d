export interface FilePatch {
  readonly file: string;
  readonly hunks: readonly { readonly before: string; readonly after: string }[];
}
export function parsePatch(text: string): FilePatch[];
export function applyPatch(directory: string, patch: string, options?: { reverse?: boolean }): number;

/** A moment as a part of file names: 20260105T090000Z. */
export function fileTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

/**
 * Lays file, environment and flags over the defaults, and remembers where each value came from. Knows the keys by the
 * shape of the defaults, and nothing of what a value may be.
 */
import { readFileSync, statSync } from "node:fs";
import { parseDocument } from "yaml";
import { AppError } from "../errors.ts";

type Tree = Record<string, unknown>;

export interface Layers {
  readonly values: Readonly<Tree>;
  /** Every key that holds a value, dotted. */
  readonly keys: readonly string[];
  valueAt(path: readonly string[]): unknown;
  /** "--set", "COROLLARY_…", the file's name or "default". */
  originOf(path: readonly string[]): string;
}

const FILE_BYTES_MAX = 4 * 1024 * 1024;
/** COROLLARY_CONFIG names the file; main.ts reads it. */
const OWN_VARIABLES: readonly string[] = ["COROLLARY_CONFIG"];

export function readLayers(
  defaults: Readonly<Tree>,
  sources: { file: string | null; env: Readonly<Record<string, string | undefined>>; sets: readonly string[] },
): Layers {
  const values = structuredClone(defaults) as Tree;
  const keys = leafKeys(defaults);
  const origins = new Map<string, string>();
  if (sources.file !== null) overlay(values, readFile(sources.file), [], sources.file, origins);

  const keyOfVariable = new Map(keys.map((key) => [variableOf(key), key]));
  for (const [name, value] of Object.entries(sources.env)) {
    if (!name.startsWith("COROLLARY_") || OWN_VARIABLES.includes(name) || value === undefined) continue;
    const key = keyOfVariable.get(name);
    if (!key)
      throw new AppError("config", `${name} is not a variable of Corollary${nearest(name, [...keyOfVariable.keys()])}`);
    assign(values, key, value, name, origins);
  }
  for (const entry of sources.sets) {
    const [key, value] = splitSet(entry);
    if (!keys.includes(key))
      throw new AppError("config", `--set ${key} is not a key of the configuration${nearest(key, keys)}`);
    assign(values, key, value, `--set ${entry}`, origins);
  }
  return {
    values,
    keys,
    valueAt: (path) =>
      path.reduce<unknown>((at, name) => (isTree(at) || Array.isArray(at) ? (at as Tree)[name] : undefined), values),
    originOf: (path) => {
      for (let length = path.length; length > 0; length--) {
        const origin = origins.get(path.slice(0, length).join("."));
        if (origin) return origin;
      }
      return "default";
    },
  };
}

/** ", did you mean x?" for the key that differs by the fewest letters, or "". */
export function nearest(name: string, candidates: readonly string[]): string {
  const last = name.split(".").at(-1) ?? name;
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      distance: Math.min(
        editDistance(name, candidate),
        editDistance(last, candidate.split(".").at(-1) ?? candidate) +
          (candidate.includes(".") || name.includes(".") ? 0.5 : 0),
      ),
    }))
    .sort((a, b) => a.distance - b.distance);
  const best = ranked[0];
  return best && best.distance <= Math.max(2, last.length / 3) ? `; did you mean ${best.candidate}?` : "";
}

/** Least number of letters to insert, delete or replace; case does not count. */
function editDistance(a: string, b: string): number {
  const [from, to] = [a.toLowerCase(), b.toLowerCase()];
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1);
      next[j] = Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    row = next;
  }
  return row[to.length] ?? 0;
}

function isTree(value: unknown): value is Tree {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function leafKeys(tree: Readonly<Tree>, prefix = ""): string[] {
  return Object.entries(tree).flatMap(([name, value]) =>
    isTree(value) ? leafKeys(value, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

/** kafka.clientId → COROLLARY_KAFKA_CLIENT_ID */
function variableOf(key: string): string {
  return `COROLLARY_${key.replaceAll(".", "_").replace(/[A-Z]/g, (letter) => `_${letter}`)}`.toUpperCase();
}

function readFile(file: string): Tree {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > FILE_BYTES_MAX)
      throw new AppError("config", `${file} has ${size} bytes; allowed: at most ${FILE_BYTES_MAX}`);
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "config",
      `cannot read the configuration file ${file}: ${(cause as Error).message}`,
      "check --config or COROLLARY_CONFIG",
      cause,
    );
  }
  const value = parseYaml(text, file);
  if (value === null) return {};
  if (isTree(value)) return value;
  throw new AppError(
    "config",
    `${file} holds ${JSON.stringify(value).slice(0, 100)}; allowed: keys with values, such as \`minSupport: 3\``,
  );
}

function parseYaml(text: string, origin: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const error = document.errors[0];
  if (error) throw new AppError("config", `${origin} is not YAML: ${error.message.trim()}`);
  return document.toJS({ maxAliasCount: 100 });
}

function splitSet(entry: string): [key: string, value: string] {
  const equals = entry.indexOf("=");
  if (equals < 1) throw new AppError("config", `--set ${entry} has no value; allowed: key=value, such as minSupport=3`);
  return [entry.slice(0, equals).trim(), entry.slice(equals + 1)];
}

/** Groups merge, everything else replaces. Unknown keys come along, for the schema to refuse. */
function overlay(
  target: Tree,
  source: Tree,
  path: readonly string[],
  origin: string,
  origins: Map<string, string>,
): void {
  for (const [name, value] of Object.entries(source)) {
    const at = [...path, name];
    const below = Object.hasOwn(target, name) ? target[name] : undefined;
    if (isTree(below) && isTree(value)) {
      overlay(below, value, at, origin, origins);
      continue;
    }
    Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
    origins.set(at.join("."), origin);
  }
}

/** Text stays text where the default is text, so that a name made of digits needs no quotes. */
function assign(values: Tree, key: string, value: string, origin: string, origins: Map<string, string>): void {
  const path = key.split(".");
  const name = path.pop() ?? "";
  const group = path.reduce((at, part) => at[part] as Tree, values);
  group[name] = typeof group[name] === "string" ? value : parseYaml(value, origin);
  origins.set(key, origin);
}

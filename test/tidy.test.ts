/**
 * The house rules, as a test that reads the sources. Every rule stands beside planted files that it must refuse, so that
 * none of them passes by seeing nothing.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

interface SourceFile {
  /** Relative to the repository, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Answers with one line a violation. */
type Rule = (files: readonly SourceFile[]) => string[];

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const FOLDERS = ["src", "test", "benchmarks", "scripts", "docs", "schemas"];
const LINES_MAX = 400;

/** What the worker is made of, and what stands beside all of it. */
const WORKER: readonly string[] = [
  "worker/",
  "state/",
  "governance/",
  "core/",
  "events/",
  "transport/",
  "config.ts",
  "config/keys.ts",
  "log.ts",
  "errors.ts",
];

/** What each part of src may import: folders (with slash) and single files. The order is the way data flows. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "errors.ts": [],
  config: ["config/", "errors.ts", "core/settings.ts"],
  "log.ts": ["config/keys.ts"],
  transport: ["transport/", "errors.ts", "config/keys.ts", "log.ts"],
  events: ["events/", "transport/transport.ts", "errors.ts"],
  core: ["core/", "events/event.ts", "events/delta.ts", "errors.ts"],
  governance: ["governance/", "core/", "events/", "errors.ts"],
  state: ["state/", "core/rows.ts", "transport/transport.ts", "errors.ts", "log.ts"],
  worker: WORKER,
  demo: ["demo/", "events/", "errors.ts"],
  console: ["console/", ...WORKER.filter((part) => part !== "transport/")],
  cli: ["cli/", "demo/", "console/", ...WORKER, "config/"],
  "main.ts": ["cli/", "config.ts", "log.ts", "errors.ts"],
  "index.ts": WORKER,
};

/** Packages that belong to one side of the house; the others may be used anywhere but in core. */
const PACKAGE_HOMES: Readonly<Record<string, readonly string[]>> = {
  kafkajs: ["transport"],
  "kafkajs-snappy": ["transport"],
  "@databases/sqlite": ["state", "transport"],
  avsc: ["events"],
  "csv-parse": ["events", "cli"],
  commander: ["cli", "main.ts"],
  "cli-progress": ["cli"],
  pino: ["log.ts"],
  yaml: ["config"],
};

/** The oracle computes the view from the tables on its own; sharing code with the counters would share their mistakes. */
const ORACLE_MAY_IMPORT = /^core\/(recount[a-z-]*|settings|tables)\.ts$|^events\/delta\.ts$|^errors\.ts$/;

/** Seams: the other implementers are fakes and fault injectors, some of them not classes. */
const PORTS: readonly string[] = ["src/transport/transport.ts", "src/state/store.ts"];

const IMPURE =
  /\b(?:Date|Math\.random|process|async|await|Promise|console|performance|setTimeout|setInterval|setImmediate|queueMicrotask|fetch|globalThis|require|Intl|localeCompare|toLocale\w*|crypto)\b/;

const RULES: Readonly<Record<string, { readonly rule: Rule; readonly planted: readonly SourceFile[][] }>> = {
  "data flows one way": {
    rule: (files) =>
      importsOf(files).flatMap(({ from, to }) => {
        const allowed = MAY_IMPORT[areaOf(from)];
        if (!allowed) return [`${from} stands in a folder that docs/ARCHITECTURE.md does not know`];
        if (!to.startsWith("src/")) return to.startsWith("/") ? [] : [`${from} imports ${to}, which is outside src`];
        const target = to.slice("src/".length);
        return allowed.some((entry) => (entry.endsWith("/") ? target.startsWith(entry) : target === entry))
          ? []
          : [`${from} must not import ${to}`];
      }),
    planted: [
      [file("src/transport/kafka/sink.ts", 'import { decode } from "../../events/decode.ts";')],
      [file("src/events/decode.ts", 'import type {\n  View,\n} from "../core/tables.ts";')],
      [file("src/core/view.ts", 'import { SqliteStore } from "../state/sqlite-store.ts";')],
      [file("src/state/sqlite-store.ts", 'const w = await import("../worker/worker.ts");')],
      [file("src/worker/worker.ts", 'import "../cli/run.ts";')],
      [file("src/cli/run.ts", 'export { main } from "../main.ts";')],
      [file("src/elsewhere/thing.ts", 'import { AppError } from "../errors.ts";')],
      [file("src/worker/worker.ts", 'import { company } from "../../test/support/company.ts";')],
    ],
  },
  "packages stay on their side": {
    rule: (files) =>
      importsOf(files).flatMap(({ from, to }) => {
        if (!to.startsWith("/")) return [];
        const name = to.slice(1);
        const area = areaOf(from);
        if (area === "core" || area === "governance") return [`${from} is pure and must not import ${name}`];
        const packageName = name.split("/", name.startsWith("@") ? 2 : 1).join("/");
        const homes = PACKAGE_HOMES[packageName];
        return homes && !homes.includes(area)
          ? [`${from} must not import ${name}; it belongs to ${homes.join(", ")}`]
          : [];
      }),
    planted: [
      [file("src/core/view.ts", 'import { readFileSync } from "node:fs";')],
      [file("src/core/view.ts", 'import net from "net";')],
      [file("src/worker/worker.ts", 'import kafkajs from "kafkajs";')],
      [file("src/transport/journal.ts", 'import { Command } from "commander";')],
      [file("src/worker/worker.ts", 'import { parse } from "csv-parse/sync";')],
    ],
  },
  "the oracle shares no code with the counters": {
    rule: (files) =>
      importsOf(files).flatMap(({ from, to }) => {
        const target = to.replace(/^src\//, "");
        const isOracle = from.startsWith("src/core/recount");
        if (isOracle && !ORACLE_MAY_IMPORT.test(target)) return [`${from} must not import ${to}`];
        return !isOracle && from.startsWith("src/core/") && target.startsWith("core/recount")
          ? [`${from} must not import ${to}`]
          : [];
      }),
    planted: [
      [file("src/core/recount.ts", 'import { Itemsets } from "./itemsets.ts";')],
      [file("src/core/engine.ts", 'import { recount } from "./recount.ts";')],
    ],
  },
  "core and governance are pure": {
    rule: (files) =>
      files
        .filter(({ path }) => /^src\/(core|governance)\//.test(path))
        .flatMap((source) => linesWith(source, codeOf(source.text, "without strings"), IMPURE)),
    planted: [
      [file("src/core/a.ts", "const now = Date.now();")],
      [file("src/core/a.ts", "const at = new Date(0);")],
      [file("src/core/a.ts", "// planted\nconst x = Math.random();")],
      [file("src/core/a.ts", "export const debug = process.env.DEBUG;")],
      [file("src/core/a.ts", "export async function step() {}")],
      [file("src/core/a.ts", "return Promise.resolve(1);")],
      [file("src/core/a.ts", "const a = `${console.log(1)}`;")],
      [file("src/core/a.ts", 'const quote = "/*"; setTimeout(f); const end = "*/";')],
      [file("src/core/a.ts", "rows.sort((a, b) => a.localeCompare(b));")],
      [file("src/governance/a.ts", "const t = performance.now();")],
    ],
  },
  "only main.ts ends the process": {
    rule: (files) =>
      files
        .filter(({ path }) => path.startsWith("src/") && path !== "src/main.ts")
        .flatMap((source) =>
          linesWith(
            source,
            codeOf(source.text, "without strings"),
            /\bprocess\s*\.\s*(exit|abort|reallyExit|exitCode)\b/,
          ),
        ),
    planted: [[file("src/worker/worker.ts", "process.exit(1);")], [file("src/cli/run.ts", "process.exitCode = 2;")]],
  },
  "only index.ts re-exports": {
    rule: (files) =>
      files
        .filter(({ path }) => path.endsWith(".ts") && path !== "src/index.ts")
        .flatMap((source) =>
          linesWith(source, codeOf(source.text, "without strings"), /\bexport\s+(?:type\s+)?(?:\*|\{[^}]*\}\s*from\b)/),
        ),
    planted: [
      [file("src/core/all.ts", 'export * from "./view.ts";')],
      [file("src/core/all.ts", 'export { View } from "./view.ts";')],
      [file("src/core/all.ts", 'export type {\n  View,\n} from "./view.ts";')],
    ],
  },
  "no file is a grab-bag": {
    rule: (files) =>
      files
        .filter(({ path }) =>
          /^(utils?|helpers?|types?|common|misc|shared|constants|index)\.\w+$/.test(posix.basename(path)),
        )
        .filter(({ path }) => path !== "src/index.ts")
        .map(({ path }) => `${path}: name the noun that is inside`),
    planted: [[file("src/core/utils.ts", "")], [file("test/support/helpers.ts", "")], [file("src/core/index.ts", "")]],
  },
  [`no file is longer than ${LINES_MAX} lines`]: {
    rule: (files) =>
      files
        .filter(({ path }) => /\.(ts|mjs)$/.test(path))
        .map(({ path, text }) => ({ path, lines: text.split("\n").length - (text.endsWith("\n") ? 1 : 0) }))
        .filter(({ lines }) => lines > LINES_MAX)
        .map(({ path, lines }) => `${path} has ${lines} lines`),
    planted: [[file("test/long.test.ts", "x\n".repeat(LINES_MAX + 1))]],
  },
  "no interface has exactly one implementer": {
    rule: (files) => {
      const sources = files.filter(({ path }) => path.endsWith(".ts"));
      const implemented = sources
        .flatMap(({ text }) => [...codeOf(text, "without strings").matchAll(/\bimplements\s+([^{]+)\{/g)])
        .flatMap((match) => (match[1] ?? "").replace(/<[^>]*>/g, "").split(","))
        .map((name) => name.trim());
      return sources
        .filter(({ path }) => path.startsWith("src/") && !PORTS.includes(path))
        .flatMap(({ path, text }) =>
          [...codeOf(text, "without strings").matchAll(/\binterface\s+(\w+)[^{]*\{([\s\S]*?)\n?\}/g)]
            .filter((match) => /^\s*\w+\(/m.test(match[2] ?? ""))
            .filter((match) => implemented.filter((name) => name === match[1]).length === 1)
            .map((match) => `${path}: ${match[1]} has one implementer; use the class itself`),
        );
    },
    planted: [
      [file("src/state/a.ts", "export interface Keeper {\n  keep(): void;\n}\nclass Only implements Keeper {}")],
    ],
  },
  "nothing is left to do": {
    rule: (files) =>
      files
        .filter(exceptThisFile)
        .flatMap((source) => linesWith(source, source.text, /\b(?:TODO|FIXME|XXX|HACK)\b|@ts-(?:ignore|nocheck)\b/)),
    planted: [
      [file("src/core/a.ts", "// TODO: later")],
      [file("docs/A.md", "FIXME")],
      [file("test/a.ts", "// @ts-ignore")],
    ],
  },
  "no path of somebody's machine": {
    rule: (files) =>
      files
        .filter(exceptThisFile)
        .flatMap((source) => linesWith(source, source.text, /(?:^|[\s"'`(=:])\/(?:work|root|home|Users)\//m)),
    planted: [[file("docs/A.md", "see /work/main")], [file("test/a.ts", 'read("/home/me/x")')]],
  },
};

describe("house rules", () => {
  const files = readSources();

  test("all the sources are read", () => {
    expect(files.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["src/errors.ts", "src/core/settings.ts", "test/tidy.test.ts"]),
    );
  });

  for (const [name, { rule, planted }] of Object.entries(RULES)) {
    test(name, () => {
      expect(rule(files)).toEqual([]);
    });
    test.each(planted.map((violation) => [JSON.stringify(violation[0]).slice(0, 100), violation] as const))(
      `${name}: refuses %s`,
      (_, violation) => {
        expect(rule(violation)).not.toEqual([]);
      },
    );
  }
});

function file(path: string, text: string): SourceFile {
  return { path, text };
}

/** For rules whose planted violations stand in this file as they are. */
function exceptThisFile({ path }: SourceFile): boolean {
  return path !== "test/tidy.test.ts";
}

function readSources(): SourceFile[] {
  return FOLDERS.flatMap((folder) => {
    let entries: string[];
    try {
      entries = readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" });
    } catch {
      return [];
    }
    return entries
      .map((entry) => posix.join(folder, entry.replaceAll("\\", "/")))
      .filter((path) => /\.(ts|mjs|md|avsc)$/.test(path) && !/(^|\/)(fixtures|node_modules|out|\.venv)\//.test(path))
      .map((path) => file(path, readFileSync(join(ROOT, path), "utf8")));
  });
}

/** src/core/view.ts → core; src/errors.ts → errors.ts; config.ts belongs to its folder. */
function areaOf(path: string): string {
  const area = path.split("/")[1] ?? path;
  return area === "config.ts" ? "config" : area;
}

/** Every import of a file in src: a path in the repository, or `/` and the name of a package. */
function importsOf(files: readonly SourceFile[]): { from: string; to: string }[] {
  const pattern = /\b(?:from|import)\s*\(?\s*"([^"\n]+)"/g;
  return files
    .filter(({ path }) => path.startsWith("src/"))
    .flatMap(({ path, text }) =>
      [...codeOf(text).matchAll(pattern)].map((match) => {
        const target = match[1] ?? "";
        return { from: path, to: target.startsWith(".") ? posix.join(posix.dirname(path), target) : `/${target}` };
      }),
    );
}

/** The text with comments, and on demand plain strings, blanked out; line numbers stay. Templates count as code. */
function codeOf(text: string, strings: "with strings" | "without strings" = "with strings"): string {
  return text.replace(/\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/g, (part) =>
    !part.startsWith("/") && strings === "with strings" ? part : part.replace(/[^\n]/g, " "),
  );
}

function linesWith(source: SourceFile, text: string, pattern: RegExp): string[] {
  return [...text.matchAll(new RegExp(pattern, `${pattern.flags}g`))].map((match) => {
    const line = text.slice(0, match.index).split("\n").length;
    return `${source.path}:${line}: ${match[0].trim().slice(0, 60)}`;
  });
}

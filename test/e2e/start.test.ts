/** `npm start` in a clone that was never built; only the packages are there already. */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
/** Neither needed to start, nor small. */
const LEFT_OUT = ["node_modules", "dist", "benchmarks", "docs", "test"];
const MINUTES = 60_000;

const clone = mkdtempSync(join(tmpdir(), "corollary-clone-"));
beforeAll(() => {
  for (const name of readdirSync(ROOT)) {
    if (name.startsWith(".") || LEFT_OUT.includes(name)) continue;
    cpSync(join(ROOT, name), join(clone, name), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(clone, "node_modules"), "junction");
});
afterAll(() => rmSync(clone, { recursive: true, force: true }));

function npmStart(...args: string[]): Promise<{ code: number | null; out: string }> {
  const child = spawn("npm", ["start", "--", ...args], { cwd: clone, shell: process.platform === "win32" });
  let out = "";
  child.stdout.on("data", (chunk) => (out += String(chunk)));
  child.stderr.on("data", (chunk) => (out += String(chunk)));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out })));
}

test("npm start -- --events N ends after N, and the next start goes on", { timeout: 10 * MINUTES }, async () => {
  const first = await npmStart("--events", "500");
  expect(first.out).toContain("A company of 2000 people");
  expect(first.out).toMatch(/^= 500 events in/m);
  expect(first.code).toBe(0);

  const started = performance.now();
  const second = await npmStart("--events", "1");
  console.log(`second start: ${((performance.now() - started) / 1000).toFixed(1)} s`);
  expect(second.out).not.toContain("A company of");
  expect(second.code).toBe(0);
  expect(existsSync(join(clone, ".corollary", "demo", "state.db"))).toBe(true);
});

test("npm start -- --example plays the example and ends", { timeout: 10 * MINUTES }, async () => {
  const { code, out } = await npmStart("--example");
  expect(out).toContain("+ recommend Payroll Report to karen.11: 5 of 6 people with CITY San Jose have it, 83 %");
  expect(code).toBe(0);
});

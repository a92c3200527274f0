/** Stylesheet and script of the console, under names that change with their content, so that browsers may keep them. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Hono } from "hono";

function load(file: string, contentType: string) {
  const content = readFileSync(new URL(file, import.meta.url), "utf8");
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 12);
  const path = `/assets/${file.slice(2).replace(".", `-${hash}.`)}`;
  return { path, content, contentType };
}

export const stylesheet = load("./console.css", "text/css; charset=utf-8");
export const liveScript = load("./live.js", "text/javascript; charset=utf-8");

export function serveAssets(app: Hono): void {
  for (const { path, content, contentType } of [stylesheet, liveScript])
    app.get(path, (c) =>
      c.body(content, 200, { "content-type": contentType, "cache-control": "public, max-age=31536000, immutable" }),
    );
}

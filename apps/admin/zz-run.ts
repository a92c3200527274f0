import { createTestPlane, joinHost, signInStaff, signUpPerson, testLog, callAs } from "@kombify/api/testing";
import { listen } from "@kombify/server";
import startDatabase from "../../scripts/test/database.ts";
import { openBrowser, openVisitor } from "../../e2e/src/browser.ts";
import { AxeBuilder } from "../../e2e/node_modules/@axe-core/playwright/dist/index.mjs";
import { createAdminApp } from "./admin-app.ts";
import { writeFileSync, mkdirSync } from "node:fs";

const stopPg = await startDatabase();
const plane = await createTestPlane();
const sql = plane.database.owner;
const asker = await signInStaff(plane, "operator");
const askerName = asker.email;
for (const n of ["berlin-1", "lisbon-1"]) { const h = await joinHost(plane, asker, n); await h.beat(); }
for (const n of ["ada", "mei", "tom"]) await signUpPerson(plane, n);
const { api } = asker;
const onOff = { variants: { on: true, off: false }, defaultVariant: "off", offVariant: "off" } as const;
const save = (key: string, d: Record<string, unknown> = {}) =>
  api.flags.save({ key, version: 0, note: "First version", definition: { owner: "web@kombify.example", ...onOff, ...d } as never });
const strip = (d: object) => JSON.parse(JSON.stringify(d));
const isEmpty = process.argv.includes("--empty");
if (!isEmpty) {
await api.flags.saveSegment({ key: "beta-testers", description: "People who asked to see things early.", version: 0, note: "", logic: { in: [{ var: "tenant" }, ["ada-lab", "mei-lab"]] } as never });
await api.flags.saveSegment({ key: "paying", description: "", version: 0, note: "", logic: { and: [{ "===": [{ var: "plan" }, "pro"] }, { or: [{ $ref: "beta-testers" }, { in: [{ var: "region" }, ["berlin", "lisbon"]] }] }] } as never });
await save("new-dashboard", { description: "The homelab's start page, drawn anew with usage and what is new.", targeting: { if: [{ $ref: "beta-testers" }, "on", "off"] }, expiresAt: new Date(Date.now() + 40 * 864e5) });
await save("checkout-colour", { description: "Which colour the button has that ends a change of plan.", kind: "experiment", variants: { blue: "blue", green: "green", iris: "iris" }, defaultVariant: "blue", offVariant: "blue", owner: "growth" });
await save("sims-terminal", { description: "Terminals in the browser for Sims.", kind: "operations", lifetime: "permanent", owner: "stack" });
await api.flags.kill({ key: "sims-terminal", reason: "Sessions stay open after the tab is closed." });
await save("upload-limit-megabytes", { kind: "operations", lifetime: "permanent", variants: { small: 10, large: 100 }, defaultVariant: "small", offVariant: "small", owner: "stack" });
await save("old-onboarding", { description: "The first steps as they were in spring.", expiresAt: new Date(Date.now() - 9 * 864e5) });
await save("quiet-hours", { state: "DISABLED", owner: "stack", lifetime: "permanent" });
await save("export-as-archive", { description: "Export all data as one archive." });
await save("faster-search", { owner: "search" });
await save("billing-portal", { description: "Invoices and payment methods from the portal.", kind: "permission", lifetime: "permanent", owner: "billing@kombify.example" });
for (let i = 0; i < 12; i++) await save(`flag-${i}`, { owner: i % 2 ? "stack" : "growth", kind: "release", ...(i === 5 ? { variants: { a: { limit: 5 }, b: { limit: 9 } }, defaultVariant: "a", offVariant: "a" } : {}) });
await api.flags.saveOverride({ key: "new-dashboard", tenant: (await sql`select slug from tenants limit 1`)[0]!.slug, variant: "on", reason: "" });
await sql`update flags set created_at = now() - interval '50 days' where key in ('export-as-archive','faster-search','new-dashboard','old-onboarding')`;
const hours = async (key: string, variant: string, from: number, to: number, count: number) => {
  for (let h = from; h >= to; h -= Math.max(1, Math.floor((from - to) / 20)))
    await sql`insert into flag_usage values (${key}, ${variant}, 'stack', date_trunc('hour', now()) - make_interval(hours => ${h}), ${count}) on conflict do nothing`;
};
await hours("new-dashboard", "on", 20, 0, 1204); await hours("new-dashboard", "off", 20, 0, 4204);
await hours("faster-search", "on", 900, 1, 77); await hours("checkout-colour", "blue", 30, 3, 20);
await hours("old-onboarding", "off", 300, 200, 5);
await sql`update flags set is_sensitive = true where key = 'billing-portal'`;
const billing = (await api.flags.get({ key: "billing-portal" })).definition;
await api.flags.save({ key: "billing-portal", version: 1, note: "Everybody on Business has a contract by now.", definition: { ...strip(billing), targeting: { if: [{ "==": [{ var: "plan" }, "business"] }, "on", "off"] } } });
await api.flags.kill({ key: "billing-portal", reason: "Invoices are doubled" });
await api.flags.restore({ key: "billing-portal", note: "Fixed" });
await api.flags.save({ key: "faster-search", version: 1, note: "After the holidays", scheduledAt: new Date(Date.now() + 5 * 864e5), definition: { ...strip((await api.flags.get({ key: "faster-search" })).definition), defaultVariant: "on" } });
}
const role = process.argv.includes("--viewer") ? "viewer" : "operator";
const me = await signInStaff(plane, role);
await sql`update users set name = 'Ada Keller' where email = ${askerName}`;
if (!isEmpty && role === "operator") {
  const { items } = await me.api.flags.changes({});
  const restore = items.find((c) => c.kind === "restore");
  if (restore) await me.api.flags.rejectChange({ id: restore.id, reason: "The invoices of July are still doubled." });
  await save("late", {}).catch(() => 0);
  const mineDef = strip((await me.api.flags.get({ key: "billing-portal" })).definition);
  await me.api.flags.save({ key: "billing-portal", version: (await me.api.flags.get({ key: "billing-portal" })).version, note: "", scheduledAt: new Date(Date.now() + 864e5), definition: { ...mineDef, defaultVariant: "on" } });
}
const build = await import(new URL("./build/server/index.js", import.meta.url).href);
const { app } = createAdminApp({ controlPlane: plane.admin, build, clientDir: new URL("./build/client", import.meta.url).pathname, adminUrl: "http://localhost:3001", isProduction: true, version: "1", log: testLog });
const listener = await listen({ fetch: app.fetch, port: 0 });
const url = `http://localhost:${new URL(listener.url).port}`;
const browser = await openBrowser();
const out = "/tmp/pages-list-shots"; mkdirSync(out, { recursive: true });
const [name, value] = me.cookie.split("=", 2);
const { default: steps } = await import(process.env.STEPS!);
try { await steps({ url, browser, openVisitor, out, cookie: { name, value: me.cookie.slice(name!.length + 1) }, AxeBuilder, api: me.api, sql, asker, plane, callAs }); }
finally { await browser.close(); await listener.close(); await plane.close(); await stopPg(); }
process.exit(0);

import type { CompiledFlags, FlagDocument, TenantReport } from "@kombify/agent-contract";
import { digestOfFlags, sealDocument } from "@kombify/flags";
import { afterAll, beforeAll, expect, test } from "vitest";
import { desiredTenant } from "../../test/control-plane-double.ts";
import { bundleOf, documentOf, flagOf } from "../../test/flags.ts";
import { openTenants, startTestAgent, type TestAgent } from "../../test/test-agent.ts";

let agent: TestAgent;
beforeAll(async () => {
  agent = await startTestAgent();
});
afterAll(() => agent.drop());

const FLAGS: CompiledFlags = { "new-dashboard": flagOf("on"), theme: flagOf("beta") };
const push = (body: unknown, headers: Record<string, string> = {}) =>
  agent.internal("/api/internal/feature-flags/apply", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const flagsOf = (tenantId: string, fits: (flags: NonNullable<TenantReport["flags"]>) => boolean) =>
  agent.controlPlane.reported((report) =>
    report.tenants.some((tenant) => tenant.tenantId === tenantId && tenant.flags !== undefined && fits(tenant.flags)),
  );
const stored = async () =>
  (await agent.database.admin`select id, kind, current from stack._feature_flags order by id`).map((row) => ({
    ...row,
    revision: row.current === null ? null : JSON.parse(row.current).revision,
  })) as unknown as Array<{ id: string; kind: string; revision: number | null }>;
const isStored = async (document: FlagDocument) =>
  (await stored()).some(({ id, revision }) => id === document.tenant && revision === document.revision);
/** A tenant of this host with a document of its own. */
async function newTenant(revision = 5, flags = FLAGS) {
  const tenant = desiredTenant();
  await openTenants(agent, [tenant]);
  const document = documentOf(tenant, revision, flags);
  expect((await push(document)).status).toBe(200);
  return { ...tenant, document };
}

test("a control plane without flags is quiet, and nothing is reported of them", async () => {
  const tenant = desiredTenant();
  await openTenants(agent, [tenant]);
  await expect.poll(() => agent.controlPlane.flagPulls.length).toBeGreaterThan(0);
  expect(agent.controlPlane.reports.at(-1)?.tenants[0]).not.toHaveProperty("flags");
});

test("flags are pulled with a hint for all tenants, stored once for those who share them, and reported", async () => {
  const [one, two, three] = [desiredTenant(), desiredTenant(), desiredTenant()];
  await openTenants(agent, [one, two, three]);
  const others = { only: flagOf("off") };
  const documents = [documentOf(one, 3, FLAGS), documentOf(two, 4, FLAGS), documentOf(three, 9, others)];
  agent.controlPlane.publishFlags(bundleOf(documents));
  for (const { tenant, revision, digest } of documents)
    await flagsOf(tenant, (flags) => flags.revision === revision && flags.digest === digest);
  const rows = await stored();
  expect(rows.filter(({ kind }) => kind === "contents").map(({ id }) => id)).toEqual(
    [digestOfFlags(FLAGS), digestOfFlags(others)].sort(),
  );

  // What nobody has any more goes with the next document but one, which replaces the one before.
  const next = (revision: number) => [documents[0]!, documents[1]!, documentOf(three, revision, FLAGS)];
  for (const revision of [10, 11]) {
    agent.controlPlane.publishFlags(bundleOf(next(revision)));
    await flagsOf(three.tenantId, (flags) => flags.revision === revision);
  }
  expect((await stored()).filter(({ kind }) => kind === "contents").map(({ id }) => id)).toEqual([
    digestOfFlags(FLAGS),
  ]);
  agent.controlPlane.answerFlags = undefined;
});

test("a document that is pushed is acknowledged once it is stored; the same again changes nothing", async () => {
  const { document } = await newTenant(5);
  expect(await isStored(document)).toBe(true);
  const again = await push(document);
  expect([again.status, await again.json()]).toEqual([200, { revision: 5, digest: document.digest, applied: true }]);
  await flagsOf(document.tenant, (flags) => flags.revision === 5 && flags.error === undefined);
});

test("an older document, and another one of the same revision, are refused with what is there", async () => {
  const { document, ...tenant } = await newTenant(5);
  for (const [revision, words] of [
    [4, "Revision 4 is older than revision 5"],
    [5, "another document of revision 5"],
  ] as const) {
    const answer = await push(documentOf(tenant, revision, { other: flagOf("on") }));
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      code: "CONFLICT",
      detail: expect.stringContaining(words),
      currentRevision: 5,
      currentDigest: document.digest,
    });
  }
  expect(await isStored(document)).toBe(true);
});

test("a damaged, foreign, oversized or empty document changes nothing and says why", async () => {
  const { document, ...tenant } = await newTenant(5);
  const next = documentOf(tenant, 6, { other: flagOf("on") });
  const cases: Array<[body: unknown, status: number, words: string]> = [
    [{}, 400, "empty"],
    [{ ...next, schemaVersion: 2 }, 400, "not as agreed"],
    [{ ...next, flags: { other: true } }, 422, "not as agreed"],
    [{ ...next, flags: undefined }, 422, "no flags"],
    [{ ...next, flags: FLAGS }, 422, "not what their digest says"],
    [{ ...next, context: { ...next.context, plan: "business" } }, 422, "not what its digest says"],
    [{ ...next, engineVersion: "flagd-core@99.0.0" }, 422, "Bring the agent up to date"],
    [documentOf(tenant, 6, { other: flagOf("nowhere") }), 422, "cannot be evaluated"],
    [documentOf(tenant, 6, { other: flagOf("on", { targeting: { if: [{ later: 1 }, "on"] } }) }), 422, '"later"'],
    [documentOf(desiredTenant(), 6, FLAGS), 404, "not on this host"],
    [sealDocument({ ...next, context: { tenantId: desiredTenant().tenantId } }, new Date()), 404, "as another tenant"],
    [{ ...next, padding: "x".repeat(4 * 1024 * 1024) }, 413, "larger than"],
  ];
  for (const [body, status, words] of cases) {
    const answer = await push(body);
    expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
      status,
      expect.stringContaining(words),
    ]);
  }
  expect(await isStored(document)).toBe(true);
  const metrics = await (await agent.internal("/metrics")).text();
  expect(metrics).toMatch(/kombify_flags_refused_total\{reason="engine",process="stack-internal"\} \d/);
});

test("one damaged document of a bundle is refused and reported, and holds nobody else up", async () => {
  const [mine, theirs, third] = [await newTenant(5), await newTenant(5), await newTenant(5)];
  const [damaged, good] = [documentOf(mine, 6, { a: flagOf("on") }), documentOf(theirs, 6, { b: flagOf("on") })];
  const bundle = bundleOf([damaged, good, documentOf(third, 4, FLAGS), documentOf(desiredTenant(), 6, FLAGS)]);
  bundle.contents[damaged.flagsDigest] = { a: flagOf("off") };
  agent.controlPlane.publishFlags(bundle);
  await flagsOf(theirs.tenantId, ({ revision, error }) => revision === 6 && error === undefined);
  await flagsOf(mine.tenantId, ({ revision, error }) => revision === 5 && /digest/.test(error ?? ""));
  await flagsOf(third.tenantId, ({ revision, error }) => revision === 5 && /older than revision 5/.test(error ?? ""));

  // Deeper than anything here could walk, and what this engine could not evaluate.
  const [endless, later] = ["1".repeat(64), documentOf(mine, 7, { a: flagOf("on", { targeting: { later: [1] } }) })];
  const unwalkable = sealDocument(documentOf(theirs, 7, FLAGS), new Date(), endless);
  const hostile = bundleOf([later, unwalkable, third.document]);
  delete hostile.contents[endless];
  const deep = `${'{"!":['.repeat(50_000)}1${"]}".repeat(50_000)}`;
  agent.controlPlane.answerFlags = () =>
    new Response(JSON.stringify(hostile).replace(`"contents":{`, `"contents":{"${endless}":${deep},`));
  agent.controlPlane.publish({});
  await flagsOf(mine.tenantId, ({ revision, error }) => revision === 5 && /operator "later"/.test(error ?? ""));
  await flagsOf(theirs.tenantId, ({ revision, error }) => revision === 6 && /levels deep/.test(error ?? ""));
  await flagsOf(third.tenantId, ({ revision, error }) => revision === 5 && error === undefined);

  // Mended, it is taken, and the error is gone.
  agent.controlPlane.publishFlags(bundleOf([damaged, good, third.document]));
  await flagsOf(mine.tenantId, ({ revision, error }) => revision === 6 && error === undefined);
  await flagsOf(third.tenantId, ({ revision, error }) => revision === 5 && error === undefined);
  agent.controlPlane.answerFlags = undefined;
});

test("flags that come before their tenant are taken once it is here, and go with it", async () => {
  const { controlPlane } = agent;
  controlPlane.publish({ tenants: [] });
  const [here, later] = [desiredTenant(), desiredTenant()];
  await openTenants(agent, [here]);
  const documents = [documentOf(here, 2, FLAGS), documentOf(later, 3, FLAGS)];
  controlPlane.publishFlags(bundleOf(documents));
  await flagsOf(here.tenantId, ({ revision }) => revision === 2);
  expect((await push(documents[1])).status).toBe(404);
  expect((await stored()).map(({ id }) => id)).not.toContain(later.tenantId);
  await openTenants(agent, [later]);
  await flagsOf(later.tenantId, ({ revision, error }) => revision === 3 && error === undefined);

  const { tenantId, slug, generation } = later;
  controlPlane.publish({ tenants: [here], tombstones: [{ tenantId, slug, generation }] });
  await controlPlane.reported(({ tenants }) =>
    tenants.some((tenant) => tenant.tenantId === tenantId && tenant.state === "removed" && !tenant.flags),
  );
  expect((await stored()).map(({ id }) => id)).not.toContain(tenantId);
  controlPlane.answerFlags = undefined;
});

test("flags that come along with a hint are taken without another question, and fetched when they are damaged", async () => {
  const { controlPlane } = agent;
  controlPlane.publish({ tenants: [] });
  const tenant = desiredTenant();
  await openTenants(agent, [tenant]);
  const first = bundleOf([documentOf(tenant, 2, FLAGS)]);
  controlPlane.publishFlags(first);
  await flagsOf(tenant.tenantId, ({ revision }) => revision === 2);
  controlPlane.publishFlags(bundleOf([documentOf(tenant, 3, FLAGS)]), true);
  controlPlane.answerFlags = () => new Response(null, { status: 304 });
  await flagsOf(tenant.tenantId, ({ revision, error }) => revision === 3 && error === undefined);

  const [next, damaged] = [bundleOf([documentOf(tenant, 4, { a: flagOf("on") })]), bundleOf([])];
  controlPlane.publishFlags({ ...damaged, etag: "0".repeat(64), documents: [{}] as never }, true);
  controlPlane.answerFlags = () => Response.json(next);
  await flagsOf(tenant.tenantId, ({ revision, error }) => revision === 4 && error === undefined);
  controlPlane.answerFlags = undefined;
});

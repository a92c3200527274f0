import { createHash } from "node:crypto";
import { RECORD_ID_PATTERN } from "@kombify/agent-contract";
import fc from "fast-check";
import { v7 as uuid } from "uuid";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestHost, furnish, type TestHost } from "../../../test/test-host.ts";
import type { StoredRecord } from "../../engine/transfer.ts";
import { differences, sumOf, Tally, TRANSFER_ORDER } from "../../engine/transfer.ts";
import type { Host } from "../host.ts";
import { exportTenant } from "./export-tenant.ts";
import { type ImportOptions, importTenant } from "./import-tenant.ts";
import { openSpool, type Spool } from "./spool.ts";

let tested: TestHost;
let host: Host;
beforeAll(async () => {
  tested = await createTestHost();
  host = tested.host;
});
afterAll(() => tested.drop());

type AnyLine = {
  fields: Record<string, unknown>;
  file: object;
  tenant: object;
  manifest: { sums: { nodes: { count: number; digest: string } } };
};
const never = new AbortController().signal;
async function archiveOf(slug: string): Promise<string> {
  const { archive } = await exportTenant(host, slug, never);
  const chunks: Uint8Array[] = [];
  for await (const chunk of archive.read()) chunks.push(chunk);
  await archive.close();
  return Buffer.concat(chunks).toString();
}
async function withSpool<T>(content: string | Buffer, work: (spool: Spool) => Promise<T>): Promise<T> {
  const spool = await openSpool(tested.home);
  try {
    await spool.write(Buffer.from(content as string));
    return await work(spool);
  } finally {
    await spool.close();
  }
}
const restore = (content: string | Buffer, options: Partial<ImportOptions> = {}, signal = never) =>
  withSpool(content, (spool) =>
    importTenant(host, spool, { replace: false, ...options }, { onProgress: () => undefined, signal }),
  );
const sums = (slug: string) => sumOf(host.gate.engine.transfer(slug));
const slugsOnEngine = () => host.gate.home().listNamespaces();

/** A stack with as few rules as the collections have. */
const anyStack = fc
  .record({
    name: fc.string({ unit: "binary", maxLength: 40 }),
    description: fc.string({ unit: "grapheme" }),
    services: fc.array(fc.string({ unit: "binary" })),
    config: fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()),
    extra: fc.dictionary(fc.string({ unit: "grapheme" }), fc.jsonValue()),
    createdAt: fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true }),
    isDeleted: fc.boolean(),
  })
  .map(({ extra, createdAt, isDeleted, ...fields }): StoredRecord => {
    const at = createdAt.toISOString();
    const own = { mode: "techie", status: "draft", createdBy: null, createdAt: at, updatedAt: at };
    return { id: uuid(), fields: { ...fields, ...own, deletedAt: isDeleted ? at : null }, extra };
  });
/** What PostgreSQL keeps in no text. */
const withoutNul = (record: StoredRecord): StoredRecord =>
  JSON.parse(JSON.stringify(record).replaceAll("\\u0000", "0"));
// PostgreSQL takes no half of a surrogate pair, and upper and lower case of a name are the same to it.
const isStorable = (record: StoredRecord) =>
  JSON.stringify(record).isWellFormed() && !/\\ud[89a-f]/i.test(JSON.stringify(record));

test("whatever a tenant has comes back as it was, also hostile texts and files of every size", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyStack.filter(isStorable), {
        selector: ({ fields }) => String(fields.name).toLowerCase(),
        maxLength: 20,
      }),
      fc.array(fc.constantFrom(0, 1, 192 * 1024 - 1, 192 * 1024, 192 * 1024 + 1, 500_000), { maxLength: 3 }),
      async (stacks, sizes) => {
        const { slug } = await tested.newTenant();
        const transfer = host.gate.engine.transfer(slug);
        const records = stacks.map(withoutNul).map((record, index) => {
          return { ...record, fields: { ...record.fields, name: `${record.fields.name}${index}` } };
        });
        await transfer.put("stacks", records);
        for (const [index, size] of records.length > 0 ? sizes.entries() : []) {
          const file = { collection: "stacks", recordId: records[0]!.id, field: "a", name: `"\n${index}` } as const;
          await transfer.putFile(file, Buffer.alloc(size, index));
        }
        const before = await sums(slug);
        const archive = await archiveOf(slug);
        for await (const page of transfer.read("stacks"))
          await transfer.remove(
            "stacks",
            page.map(({ id }) => id),
          );
        await restore(archive);
        expect(differences(await sums(slug), before)).toEqual([]);
      },
    ),
    { numRuns: 8 },
  );
}, 120_000);

test("an archive is a header, one line a record, pieces of files, and a manifest that is right", async () => {
  const { slug, tenantId } = await tested.newTenant();
  await furnish(host.gate.engine, slug);
  const lines = (await archiveOf(slug)).trimEnd().split("\n");
  const [header, ...rest] = lines.map((line) => JSON.parse(line));
  expect(header).toMatchObject({ format: "kombify-tenant-archive", formatVersion: 1, tenant: { id: tenantId, slug } });
  const { manifest } = rest.pop();
  const records = rest.filter(({ id }) => RECORD_ID_PATTERN.test(id));
  expect(records.map(({ collection }) => collection)).toEqual([
    ...Array(3).fill("stacks"),
    ...Array(12).fill("nodes"),
    ...Array(3).fill("jobs"),
  ]);
  expect(
    rest
      .filter(({ file }) => file)
      .map(({ file }) => file.size)
      .sort(),
  ).toEqual([0, 1000, 2000]);
  expect(manifest.sums).toEqual(await sums(slug));
  const before = `${lines.slice(0, -1).join("\n")}\n`;
  expect(manifest.sha256).toBe(createHash("sha256").update(before).digest("hex"));
});

/** With a manifest that fits what is there, as a faulty or a hostile program would write it. */
function signed(archive: string): string {
  const lines = archive.trimEnd().split("\n");
  const { manifest } = JSON.parse(lines.pop()!);
  for (const collection of TRANSFER_ORDER) {
    const tally = new Tally();
    for (const { collection: own, ...record } of lines.map((line) => JSON.parse(line)))
      if (own === collection) tally.add(record);
    manifest.sums[collection] = tally.sum();
  }
  const before = `${lines.join("\n")}\n`;
  manifest.sha256 = createHash("sha256").update(before).digest("hex");
  return `${before}${JSON.stringify({ manifest })}\n`;
}

test("an archive that is damaged in any way is refused, and nothing is touched", async () => {
  const { slug } = await tested.newTenant();
  await furnish(host.gate.engine, slug);
  const archive = await archiveOf(slug);
  const lines = archive.trimEnd().split("\n");
  const before = { sums: await sums(slug), slugs: await slugsOnEngine() };
  const edited = (edit: (lines: string[]) => unknown): string => {
    const copy = [...lines];
    edit(copy);
    return `${copy.join("\n")}\n`;
  };
  const at = (fits: (line: Record<string, unknown>) => boolean) => lines.findIndex((line) => fits(JSON.parse(line)));
  const nodeAt = at(({ collection }) => collection === "nodes");
  const stackAt = at(({ collection }) => collection === "stacks");
  const fileAt = at(({ file }) => (file as { size: number } | undefined)?.size === 1000);
  const change = (line: number, edit: (value: AnyLine) => unknown) =>
    edited((copy) => {
      const value: AnyLine = JSON.parse(copy[line]!);
      edit(value);
      copy[line] = JSON.stringify(value);
    });
  const damaged: Record<string, string | Buffer> = {
    "an empty file": "",
    "something else": "hello\n",
    "another JSON file": '{"format":"backup"}\n',
    "without its last line": edited((copy) => copy.pop()),
    "cut in a line": archive.slice(0, -100),
    "cut after a line": edited((copy) => copy.splice(8)),
    "one bit of a text": archive.replace("a test", "a tesu"),
    "one byte that is not UTF-8": Buffer.from(archive).fill(0xff, 2000, 2001),
    "two lines swapped": signed(edited((copy) => copy.splice(nodeAt, 2, copy[nodeAt + 1]!, copy[nodeAt]!))),
    "two collections swapped": signed(edited((copy) => copy.splice(-1, 0, ...copy.splice(stackAt, 1)))),
    "a line twice": signed(edited((copy) => copy.splice(nodeAt, 0, copy[nodeAt]!))),
    "a line less": edited((copy) => copy.splice(nodeAt, 1)),
    "a node without its stack": signed(change(nodeAt, ({ fields }) => Object.assign(fields, { stackId: uuid() }))),
    "an unknown field": signed(change(nodeAt, ({ fields }) => Object.assign(fields, { colour: "red" }))),
    "an unknown collection": change(nodeAt, (value) => Object.assign(value, { collection: "pets" })),
    "a missing field": signed(change(nodeAt, ({ fields }) => delete fields.role)),
    "a time that is none": signed(change(nodeAt, ({ fields }) => Object.assign(fields, { createdAt: "yesterday" }))),
    "an id that is none": signed(change(nodeAt, (value) => Object.assign(value, { id: "../../x" }))),
    "a file of nobody": signed(change(fileAt, ({ file }) => Object.assign(file, { recordId: uuid() }))),
    "a file that is shorter": change(fileAt, ({ file }) => Object.assign(file, { size: 999 })),
    "a file that is longer": change(fileAt, ({ file }) => Object.assign(file, { size: 1001 })),
    "another count": change(lines.length - 1, ({ manifest }) => {
      manifest.sums.nodes.count += 1;
    }),
    "another digest": change(lines.length - 1, ({ manifest }) => {
      manifest.sums.nodes.digest = "0".repeat(64);
    }),
    "more after the end": `${archive}${lines[nodeAt]}\n`,
    "two archives": archive + archive,
    "a word of the header": change(0, ({ tenant }) => Object.assign(tenant, { name: "Others" })),
    "a newer format": change(0, (header) => Object.assign(header, { formatVersion: 2, novelty: true })),
    "newer collections": change(0, (header) => Object.assign(header, { namespaceVersion: 99 })),
  };
  for (const [what, content] of Object.entries(damaged)) {
    const refusal = await restore(content, { replace: true }).catch((error: unknown) => error);
    expect(refusal, what).toMatchObject({ code: "INVALID", message: expect.stringContaining("Nothing was changed") });
  }
  expect(await restore(damaged["a newer format"]!).catch(String)).toContain("newer agent");
  expect(await restore(damaged["newer collections"]!).catch(String)).toContain("newer agent");
  expect({ sums: await sums(slug), slugs: await slugsOnEngine() }).toEqual(before);
});

test("an archive of another tenant needs --as, one for a tenant that has something needs --replace", async () => {
  const [owner, other] = [await tested.newTenant(), await tested.newTenant()];
  await furnish(host.gate.engine, owner.slug);
  const archive = await archiveOf(owner.slug);
  await expect(restore(archive)).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining("--replace"),
  });
  await expect(restore(archive, { tenant: other.slug })).rejects.toMatchObject({
    code: "CONFLICT",
    message: expect.stringContaining(`--as ${other.slug}`),
  });
  await expect(restore(archive, { as: "nobody" })).rejects.toMatchObject({ code: "NOT_FOUND" });
  await restore(archive, { as: other.slug });
  expect(differences(await sums(other.slug), await sums(owner.slug))).toEqual([]);
});

test("what came after the archive is gone, and who was signed in is signed out", async () => {
  const tenant = await tested.newTenant();
  const { slug } = tenant;
  const { shared } = host.gate.engine;
  await furnish(host.gate.engine, slug);
  const archive = await archiveOf(slug);
  const before = await sums(slug);
  await furnish(host.gate.engine, (await tested.newTenant()).slug);
  await host.gate.engine.transfer(slug).remove(
    "jobs",
    (await firstPage(slug, "jobs")).map(({ id }) => id),
  );
  const person = { userId: uuid(), email: "a@b.example", name: "Ada", role: "owner", subject: "1", sid: null } as const;
  const expiresAt = new Date(Date.now() + 60_000);
  await shared.createSessions([
    {
      idHash: "s1",
      kind: "session",
      tenantId: tenant.tenantId,
      generation: 1,
      issuedAt: new Date(),
      expiresAt,
      ...person,
    },
  ]);
  expect(await shared.findSession("s1", "session")).not.toBeNull();
  await restore(archive, { replace: true });
  expect(differences(await sums(slug), before)).toEqual([]);
  expect(await shared.findSession("s1", "session")).toBeNull();
  expect((await slugsOnEngine()).filter((name) => name.length === 20)).toEqual([]);
});
async function firstPage(slug: string, collection: "jobs"): Promise<StoredRecord[]> {
  for await (const page of host.gate.engine.transfer(slug).read(collection)) return page;
  return [];
}

test("an import that is cancelled in the middle leaves the tenant as it was and nothing beside it", async () => {
  const { slug } = await tested.newTenant();
  await furnish(host.gate.engine, slug);
  const archive = await archiveOf(slug);
  const before = { sums: await sums(slug), slugs: await slugsOnEngine() };
  const canceled = new AbortController();
  const onProgress = ({ step }: { step: string }) => step === "compare" && canceled.abort();
  const importing = withSpool(archive, (spool) =>
    importTenant(host, spool, { replace: true }, { onProgress, signal: canceled.signal }),
  );
  await expect(importing).rejects.toThrow("abort");
  expect({ sums: await sums(slug), slugs: await slugsOnEngine() }).toEqual(before);
});

test("one import at a time", async () => {
  const { slug } = await tested.newTenant();
  const archive = await archiveOf(slug);
  const both = await Promise.allSettled([restore(archive), restore(archive)]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
});

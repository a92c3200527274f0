/** What is promised of documents: one per revision, the same for everybody, and only ever newer. */
import { type HostFlags, hostFlagsSchema } from "@kombify/agent-contract";
import { checkEnvelope, checkFlags } from "@kombify/flags";
import postgres from "postgres";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { toJson } from "../ready-json.ts";
import {
  callAs,
  createTestPlane,
  joinHost,
  type Person,
  signInStaff,
  signUpPerson,
  type TestAgent,
  type TestPlane,
} from "../testing.ts";
import { writeFlags, writeOverride } from "./flags-testing.ts";

let plane: TestPlane;
let host: TestAgent;
let elsewhere: TestAgent;
let ann: Person;
let bob: Person;
let cleo: Person;

beforeAll(async () => {
  plane = await createTestPlane();
  const staff = await signInStaff(plane);
  host = await joinHost(plane, staff, "host-a");
  ann = await signUpPerson(plane, "ann");
  bob = await signUpPerson(plane, "bob");
  await plane.database.owner`update instances set cordoned_at = now()`;
  elsewhere = await joinHost(plane, staff, "host-b");
  cleo = await signUpPerson(plane, "cleo");
  await writeFlags(plane.database, { sims: {}, banner: { variants: { a: "A", b: "B" }, variant: "a" } });
});
afterAll(() => plane.close());

const flagsOf = async (agent: TestAgent, etag?: string): Promise<HostFlags | null> => {
  const flags = await agent.api.agents.flags(etag === undefined ? {} : { etag });
  return flags && hostFlagsSchema.parse(flags);
};
const atCloud = (person: Person) => plane.cloud.can.flagDocuments.of(person.tenant.id);
const defaultOf = async (person: Person, key: string) => (await atCloud(person)).document.flags[key]?.defaultVariant;

describe("a document", () => {
  it("is one per revision: two control planes that make it at once have the same", async () => {
    await writeFlags(plane.database, { sims: { variant: "off" } });
    const [{ document }, bundle] = await Promise.all([atCloud(ann), flagsOf(host)]);
    await vi.waitFor(async () => expect((await flagsOf(host))?.documents).toHaveLength(2));
    const current = (await atCloud(ann)).document;
    const there = (await flagsOf(host))?.documents.find(({ tenant }) => tenant === ann.tenant.id);
    const { flags, ...envelope } = current;
    expect(there).toEqual(envelope);
    expect(checkEnvelope(current, ann.tenant.id)).toEqual({ envelope });
    expect(checkFlags(envelope.flagsDigest, flags)).toMatchObject({ flags });
    expect(flags.sims?.defaultVariant).toBe("off");
    expect(document.revision).toBeLessThanOrEqual(current.revision);
    expect(bundle?.documents.length).toBe(2);
    const rows = await plane.database.owner`
      select digest from flag_documents where tenant_id = ${ann.tenant.id} and revision = ${current.revision}`;
    expect(rows.map(({ digest }) => digest)).toEqual([current.digest]);
  });

  it("that another compiler wrote first is the document, also for a process that would have made another one", async () => {
    const { document } = await atCloud(cleo);
    const digest = "c".repeat(64);
    const flags = JSON.stringify({ sims: { state: "DISABLED", variants: {}, defaultVariant: null } });
    await plane.database.owner`insert into flag_contents (digest, flags) values (${digest}, ${flags}::text::jsonb)`;
    await plane.database.owner.begin(async (tx) => {
      const [settings] = await tx`update flag_settings set revision = revision + 1 returning revision`;
      await tx`
        insert into flag_documents (tenant_id, revision, fleet_revision, digest, flags_digest, engine_version, context, generated_at)
        select tenant_id, ${document.revision + 1}, ${settings?.revision}, ${"d".repeat(64)}, ${digest}, 'flagd-core@4.9.9', context, generated_at
        from flag_documents where tenant_id = ${cleo.tenant.id} and revision = ${document.revision}`;
    });
    await vi.waitFor(async () => expect((await atCloud(cleo)).document.digest).toBe("d".repeat(64)));
    expect((await atCloud(cleo)).document.flags.sims?.state).toBe("DISABLED");
    expect((await flagsOf(elsewhere))?.contents[digest]?.sims?.state).toBe("DISABLED");
  });

  it("names no other tenant, and costs those who have the same flags one content", async () => {
    await writeFlags(plane.database, {
      sims: {
        targeting: {
          if: [{ in: [{ var: "tenantId" }, [ann.tenant.id, cleo.tenant.id]] }, "on", "off"],
        },
      },
    });
    await vi.waitFor(async () => expect((await atCloud(bob)).document.flags.sims?.variants).toBeDefined());
    const bundle = await flagsOf(host);
    expect(Object.keys(bundle?.contents ?? {}).length).toBeLessThanOrEqual(2);
    expect(JSON.stringify(bundle)).not.toContain(cleo.tenant.id);
    expect(JSON.stringify((await atCloud(bob)).document)).not.toContain(ann.tenant.id);
    await writeFlags(plane.database, { sims: {} });
    await vi.waitFor(async () => expect(Object.keys((await flagsOf(host))?.contents ?? {})).toHaveLength(1));
  });

  it("follows from overrides, the plan and the host's version, and from nobody else's", async () => {
    const before = { ann: (await atCloud(ann)).document, bob: (await atCloud(bob)).document };
    await writeOverride(plane.database, "sims", ann.tenant.id, "off");
    await vi.waitFor(async () => expect(await defaultOf(ann, "sims")).toBe("off"));
    await plane.database.owner`update tenants set plan = 'pro' where id = ${ann.tenant.id}`;
    await vi.waitFor(async () => expect((await atCloud(ann)).document.context.plan).toBe("pro"));
    expect((await atCloud(ann)).document.revision).toBe(before.ann.revision + 2);
    expect((await atCloud(bob)).document).toEqual(before.bob);
    await host.beat({ versions: { agent: "2.0.0", engine: "18" } });
    await vi.waitFor(async () => expect((await atCloud(bob)).document.context.version).toBe("2.0.0"));
    await plane.database.owner`delete from flag_overrides`;
    await vi.waitFor(async () => expect(await defaultOf(ann, "sims")).toBe("on"));
  });

  it("grows and never goes back, and is one thing per revision, while fifty write at once", async () => {
    const third = await plane.openCloud();
    const seen = new Map<string, string>();
    let isWriting = true;
    const watching = [plane.cloud, plane.admin, third].map(async ({ can }) => {
      let last = 0;
      while (isWriting) {
        const { document } = await can.flagDocuments.of(ann.tenant.id);
        expect(document.revision).toBeGreaterThanOrEqual(last);
        last = document.revision;
        expect(seen.get(String(last)) ?? document.digest).toBe(document.digest);
        seen.set(String(last), document.digest);
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    const { owner } = plane.database;
    await Promise.all(
      Array.from({ length: 50 }, async (_, index) => {
        if (index % 3 === 0) await writeFlags(plane.database, { sims: { variants: { on: index }, variant: "on" } });
        else if (index % 3 === 1)
          await owner`update tenants set plan = ${index % 2 ? "pro" : "business"} where id = ${ann.tenant.id}`;
        else await writeOverride(plane.database, "banner", ann.tenant.id, index % 2 ? "a" : "b");
      }),
    );
    const [row] = await owner`
      select (s.revision + t.flags_revision)::float8 as revision from flag_settings s, tenants t where t.id = ${ann.tenant.id}`;
    for (const { can } of [plane.cloud, plane.admin, third])
      await vi.waitFor(async () =>
        expect((await can.flagDocuments.of(ann.tenant.id)).document.revision).toBe(row?.revision),
      );
    isWriting = false;
    await Promise.all(watching);
    expect(seen.size).toBeGreaterThan(1);
    await third.close();
  });

  it("heals when a change was never heard of: changes are asked for while nobody hears them, and after", async () => {
    const known = (await atCloud(ann)).document.revision;
    const { owner, ownerUrl } = plane.database;
    const [{ name } = { name: "" }] = await owner<{ name: string }[]>`select current_database() as name`;
    const elsewhere = postgres(Object.assign(new URL(ownerUrl), { pathname: "/postgres" }).toString(), { max: 1 });
    // The ear is cut off and cannot come back, and while it is away the flags change.
    await elsewhere.unsafe(`alter database ${name} allow_connections false`);
    try {
      await owner`select pg_terminate_backend(pid) from pg_stat_activity where datname = ${name} and query ilike 'listen%'`;
      await vi.waitFor(() => expect(plane.cloud.can.changes.isListening()).toBe(false), { timeout: 10_000 });
      await writeFlags(plane.database, { sims: { variant: "off" } });
      expect((await atCloud(ann)).document.revision).toBe(known + 1);
    } finally {
      await elsewhere.unsafe(`alter database ${name} allow_connections true`);
      await elsewhere.end();
    }
    await vi.waitFor(() => expect(plane.cloud.can.changes.isListening()).toBe(true), { timeout: 30_000 });
    expect(await defaultOf(ann, "sims")).toBe("off");
  });

  it("is made anew by a compiler that is newer", async () => {
    const { document } = await atCloud(ann);
    await plane.database.owner`update flag_settings set compiler_version = 0`;
    await plane.restartAdmin();
    await vi.waitFor(async () => expect((await atCloud(ann)).document.revision).toBe(document.revision + 1));
    await plane.restartAdmin();
    expect((await atCloud(ann)).document.revision).toBe(document.revision + 1);
    const info = { peer: { kind: "instance" as const, instanceId: host.instanceId }, peerSerial: host.serial };
    host.api = callAs(plane.admin, {}, info).api;
    elsewhere.api = callAs(
      plane.admin,
      {},
      {
        peer: { kind: "instance" as const, instanceId: elsewhere.instanceId },
        peerSerial: elsewhere.serial,
      },
    ).api;
  });
});

describe("a host", () => {
  it("gets the documents of its tenants and of nobody else, and nothing while it has them", async () => {
    const bundle = await flagsOf(host);
    expect(bundle?.documents.map(({ tenant }) => tenant).sort()).toEqual([ann.tenant.id, bob.tenant.id].sort());
    expect(JSON.stringify(bundle)).not.toContain(cleo.tenant.id);
    expect(await flagsOf(host, bundle?.etag)).toBeNull();
    for (const envelope of bundle?.documents ?? []) {
      expect(checkEnvelope(envelope)).toEqual({ envelope });
      expect(checkFlags(envelope.flagsDigest, bundle?.contents[envelope.flagsDigest])).not.toHaveProperty("refusal");
    }
    const answer = await plane.admin.handleAgent(
      new Request(`https://localhost/api/agent/flags?etag=${bundle?.etag}`),
      {
        requestId: "x",
        log: plane.admin.asSystem("x").request.log,
        clientAddress: "",
        peer: { kind: "instance", instanceId: host.instanceId },
        peerSerial: host.serial,
      },
    );
    expect(answer?.status).toBe(304);
  });

  it("with another host's certificate gets nothing", async () => {
    const info = { peer: { kind: "instance" as const, instanceId: host.instanceId }, peerSerial: elsewhere.serial };
    await expect(callAs(plane.admin, {}, info).api.agents.flags({})).rejects.toMatchObject({ status: 401 });
  });

  it("has what its desired document names: the flags of a tenant move, stop and go with it", async () => {
    const named = async (agent: TestAgent) => {
      const desired = await agent.api.agents.desired({ revision: 0 });
      const tenants = desired?.tenants.map(({ tenantId }) => tenantId).sort() ?? [];
      await vi.waitFor(async () =>
        expect((await flagsOf(agent))?.documents.map(({ tenant }) => tenant).sort()).toEqual(tenants),
      );
      return tenants;
    };
    const { owner } = plane.database;
    const move = async (changes: Record<string, unknown>, here: boolean, there: boolean) => {
      await owner.begin(async (tx) => {
        await tx`update tenants set ${tx(changes)} where id = ${bob.tenant.id}`;
        await tx`update instances set desired_revision = desired_revision + 1`;
      });
      expect((await named(host)).includes(bob.tenant.id)).toBe(here);
      expect((await named(elsewhere)).includes(bob.tenant.id)).toBe(there);
    };
    await move({ instance_id: elsewhere.instanceId }, false, true);
    await move({ status: "suspended" }, false, true);
    await move({ status: "deleting" }, false, false);
    await move({ status: "active", instance_id: host.instanceId }, true, false);
  });

  it("is told of flags that are other ones for it, and of nothing else", async () => {
    const events = (await host.api.agents.events())[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ event: "hint" });
    const first = await events.next();
    if (first.value?.event !== "flags") throw new Error("The second event is about flags.");
    expect(first.value).toEqual({ event: "flags", data: { etag: (await flagsOf(host))?.etag } });
    const next = events.next();
    const there = (await flagsOf(elsewhere))?.etag;
    await writeOverride(plane.database, "banner", cleo.tenant.id, "b");
    await vi.waitFor(async () => expect((await flagsOf(elsewhere))?.etag).not.toBe(there));
    await writeFlags(plane.database, { banner: { variants: { a: "A", b: "C" }, variant: "b" } });
    // What is small comes with the word.
    const flags = await flagsOf(host);
    expect((await next).value).toEqual({ event: "flags", data: { etag: flags?.etag, flags } });
    expect(flags?.etag).not.toBe(first.value?.data.etag);
    expect(toJson((await next).value?.data)).toBe(JSON.stringify((await next).value?.data));
    expect(JSON.parse(toJson(flags))).toEqual(flags);
    void events.return?.();
  });
});

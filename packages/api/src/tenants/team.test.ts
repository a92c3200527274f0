/** Teams: who may do what to whom, and what stays true when many try at once. */
import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { MAIL_BODY_PURPOSE } from "../mail/queue-mail.ts";
import {
  callAs,
  cookieOf,
  createTestPlane,
  joinHost,
  type Person,
  signInStaff,
  signUpPerson,
  type TestAgent,
  type TestPlane,
} from "../testing.ts";
import type { GivenRole } from "./team-schemas.ts";

let plane: TestPlane;
let host: TestAgent;
beforeAll(async () => {
  plane = await createTestPlane();
  host = await joinHost(plane, await signInStaff(plane), "host");
});
afterAll(() => plane.close());

const settled = (results: PromiseSettledResult<unknown>[], status: "fulfilled" | "rejected") =>
  results.filter((result) => result.status === status).length;

/** The token in the latest mail to an address: what its owner reads. */
async function tokenFor(email: string): Promise<string> {
  const [mail] = await plane.database.owner<{ sealed_body: string }[]>`
    select sealed_body from mails where recipient = ${email} order by id desc limit 1`;
  const text = await plane.cloud.can.sealer.open(MAIL_BODY_PURPOSE, mail?.sealed_body ?? "");
  return /http:\/\/localhost:3000\/invitations\/(\S+)/.exec(text)?.[1] ?? "";
}

async function ownerOn(plan: "free" | "pro" | "business" = "business", name = "owner"): Promise<Person> {
  const owner = await signUpPerson(plane, name);
  await plane.database.owner`update tenants set plan = ${plan} where id = ${owner.tenant.id}`;
  return owner;
}

async function invited(owner: Person, email: string, role: GivenRole = "member") {
  const { invitation } = await owner.api.tenants.invite({ slug: owner.tenant.slug, email, role });
  return { ...invitation, token: await tokenFor(email) };
}

async function addMember(owner: Person, role: GivenRole): Promise<Person> {
  const person = await signUpPerson(plane, role);
  const { token } = await invited(owner, person.email, role);
  await person.api.tenants.acceptInvitation({ token });
  return person;
}

const rolesOf = async (owner: Person) => {
  const rows = await plane.database.owner<{ user_id: string; role: string }[]>`
    select user_id, role from memberships where tenant_id = ${owner.tenant.id}`;
  return Object.fromEntries(rows.map(({ user_id, role }) => [user_id, role]));
};
const auditOf = async (owner: Person) => {
  const rows = await plane.database.owner<{ action: string }[]>`
    select action from audit_events where tenant_id = ${owner.tenant.id} order by id`;
  return rows.map(({ action }) => action);
};
/** What the tenant's host is told of one person's sessions. */
const endingsOf = async (person: Person) =>
  (await plane.database.owner`select from session_endings where user_id = ${person.id}`).length;

describe("an invitation", () => {
  it("makes the invited person a member with its role, says so in the audit trail, and keeps no token", async () => {
    const owner = await ownerOn();
    const guest = await signUpPerson(plane, "guest");
    const { token, id } = await invited(owner, guest.email, "viewer");
    expect(token).toMatch(/^[\w-]{43}$/);
    const preview = await callAs(plane.cloud).api.tenants.previewInvitation({ token });
    expect(preview).toMatchObject({ email: guest.email, role: "viewer", tenantName: "owner lab", invitedBy: "owner" });
    const { tenant } = await guest.api.tenants.acceptInvitation({ token });
    expect(tenant.slug).toBe(owner.tenant.slug);
    expect((await guest.api.identity.me()).tenants.map(({ slug }) => slug)).toContain(owner.tenant.slug);
    expect((await guest.api.tenants.get({ slug: owner.tenant.slug })).role).toBe("viewer");
    expect(await auditOf(owner)).toEqual(["tenants.create", "tenants.invite", "tenants.acceptInvitation"]);
    const [row] = await plane.database.owner`select * from invitations where id = ${id}`;
    expect(JSON.stringify(row)).not.toContain(token);
    expect(JSON.stringify(await plane.database.owner`select * from mails`)).not.toContain(token);
  });

  it("is good once, however many accept it at once", async () => {
    const owner = await ownerOn();
    const guest = await signUpPerson(plane, "guest");
    const { token } = await invited(owner, guest.email);
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, () => guest.api.tenants.acceptInvitation({ token })),
    );
    expect(settled(tries, "fulfilled")).toBe(1);
    for (const one of tries) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "PRECONDITION" });
    expect((await auditOf(owner)).filter((action) => action === "tenants.acceptInvitation")).toHaveLength(1);
  });

  it("is for its address alone, and says so without naming either", async () => {
    const owner = await ownerOn();
    const [guest, thief] = [await signUpPerson(plane, "guest"), await signUpPerson(plane, "thief")];
    await owner.api.tenants.invite({ slug: owner.tenant.slug, email: guest.email.toUpperCase() });
    const token = await tokenFor(guest.email);
    const error = await thief.api.tenants.acceptInvitation({ token }).catch((caught: Error) => caught);
    expect(error).toMatchObject({ code: "FORBIDDEN", message: expect.stringContaining("g•••@example.com") });
    expect(String(error)).not.toContain(guest.email);
    expect(String(error)).not.toContain(thief.email);
    await guest.api.tenants.acceptInvitation({ token });
  });

  it("that was withdrawn, has expired or was used says which", async () => {
    const owner = await ownerOn();
    const guest = await signUpPerson(plane, "guest");
    const reasonOf = async (token: string) => {
      const [accept, preview] = await Promise.all([
        guest.api.tenants.acceptInvitation({ token }).catch((caught: Error) => caught),
        guest.api.tenants.previewInvitation({ token }).catch((caught: Error) => caught),
      ]);
      expect(accept).toEqual(preview);
      return String(accept);
    };
    const first = await invited(owner, guest.email);
    await owner.api.tenants.withdrawInvitation({ slug: owner.tenant.slug, invitationId: first.id });
    expect(await reasonOf(first.token)).toContain("withdrawn");
    const second = await invited(owner, guest.email);
    await plane.database.owner`update invitations set expires_at = now() - interval '1 second' where id = ${second.id}`;
    expect(await reasonOf(second.token)).toContain("expired");
    const { items } = await owner.api.tenants.invitations({ slug: owner.tenant.slug });
    expect(items).toMatchObject([{ id: second.id, isExpired: true, invitedBy: "owner" }]);
    const third = await invited(owner, guest.email);
    await guest.api.tenants.acceptInvitation({ token: third.token });
    expect(await reasonOf(third.token)).toContain("accepted already");
    expect(await reasonOf(randomUUID())).toContain("leads to no invitation");
  });

  it("replaces an earlier one of the same address, whose link ends; sending it again ends its own", async () => {
    const owner = await ownerOn();
    const guest = await signUpPerson(plane, "guest");
    const first = await invited(owner, guest.email, "viewer");
    const second = await invited(owner, guest.email, "member");
    await expect(guest.api.tenants.acceptInvitation(first)).rejects.toBeDefined();
    await owner.api.tenants.resendInvitation({ slug: owner.tenant.slug, invitationId: second.id });
    const { items } = await owner.api.tenants.invitations({ slug: owner.tenant.slug });
    expect(items).toHaveLength(1);
    const latest = await tokenFor(guest.email);
    for (const token of [first.token, second.token])
      await expect(guest.api.tenants.acceptInvitation({ token })).rejects.toBeDefined();
    await guest.api.tenants.acceptInvitation({ token: latest });
    expect((await rolesOf(owner))[guest.id]).toBe("member");
  });

  it("lasts seven days, and seven more when it is sent again", async () => {
    const owner = await ownerOn();
    const { id, expiresAt } = await invited(owner, "later@example.com");
    const days = (until: Date) => (until.getTime() - Date.now()) / 86_400_000;
    expect(days(expiresAt)).toBeCloseTo(7, 2);
    await plane.database.owner`update invitations set expires_at = now() - interval '1 day' where id = ${id}`;
    const again = await owner.api.tenants.resendInvitation({ slug: owner.tenant.slug, invitationId: id });
    expect(days(again.invitation.expiresAt)).toBeCloseTo(7, 2);
  });

  it("of a member is refused, and is for one address", async () => {
    const owner = await ownerOn();
    const member = await addMember(owner, "member");
    const again = owner.api.tenants.invite({ slug: owner.tenant.slug, email: member.email });
    await expect(again).rejects.toMatchObject({ code: "CONFLICT", fields: [{ path: "email" }] });
    for (const email of ["a@example.com, b@example.com", "a@example.com\nBcc: b@example.com", "nobody"])
      await expect(owner.api.tenants.invite({ slug: owner.tenant.slug, email })).rejects.toMatchObject({
        code: "INVALID",
      });
  });

  it("cannot make an owner", async () => {
    const owner = await ownerOn();
    const input = { slug: owner.tenant.slug, email: "x@example.com", role: "owner" as never };
    await expect(owner.api.tenants.invite(input)).rejects.toMatchObject({ code: "INVALID" });
  });

  it("is not sent by the hundred", async () => {
    const strict = await createTestPlane({
      limits: {
        register: { points: 100, seconds: 60 },
        login: { points: 20, seconds: 60 },
        join: { points: 100, seconds: 60 },
        invitation: { points: 2, seconds: 60 },
      },
    });
    try {
      const owner = await signUpPerson(strict, "owner");
      const { invitation } = await owner.api.tenants.invite({ slug: owner.tenant.slug, email: "a@example.com" });
      const again = { slug: owner.tenant.slug, invitationId: invitation.id };
      await owner.api.tenants.resendInvitation(again);
      await expect(owner.api.tenants.resendInvitation(again)).rejects.toMatchObject({
        code: "LIMIT_REACHED",
        retryAfterSeconds: expect.any(Number),
      });
    } finally {
      await strict.close();
    }
  });
});

describe("somebody without an account", () => {
  const register = (email: string, more: object, headers: Record<string, string> = {}) => {
    const { api, responseHeaders } = callAs(plane.cloud, headers);
    const answer = api.identity.register({ email, password: "correct horse battery", ...more });
    return answer.then((joined) => ({
      ...joined,
      api: callAs(plane.cloud, { cookie: cookieOf(responseHeaders) }).api,
    }));
  };

  it("signs up through an invitation, joins that homelab, and gets none of their own", async () => {
    const owner = await ownerOn();
    const email = `new-${randomUUID()}@example.com`;
    const { token } = await invited(owner, email, "admin");
    const joined = await register(email, { invitation: token });
    expect(joined.tenant.slug).toBe(owner.tenant.slug);
    const { tenants } = await joined.api.identity.me();
    expect(tenants.map(({ slug, role }) => [slug, role])).toEqual([[owner.tenant.slug, "admin"]]);
  });

  it("who sends the form twice joins once", async () => {
    const owner = await ownerOn();
    const email = `new-${randomUUID()}@example.com`;
    const { token } = await invited(owner, email);
    const key = { "idempotency-key": randomUUID() };
    const [first, second] = [
      await register(email, { invitation: token }, key),
      await register(email, { invitation: token }, key),
    ];
    expect(second.tenant.id).toBe(first.tenant.id);
    expect((await second.api.identity.me()).tenants).toHaveLength(1);
    await expect(register(email, { invitation: token })).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("gets no account by an invitation of another address, or one that has ended", async () => {
    const owner = await ownerOn();
    const email = `new-${randomUUID()}@example.com`;
    const { token, id } = await invited(owner, email);
    const other = `other-${randomUUID()}@example.com`;
    await expect(register(other, { invitation: token })).rejects.toMatchObject({ code: "FORBIDDEN" });
    await owner.api.tenants.withdrawInvitation({ slug: owner.tenant.slug, invitationId: id });
    await expect(register(email, { invitation: token })).rejects.toMatchObject({ code: "PRECONDITION" });
    expect(await plane.database.owner`select from users where email in (${email}, ${other})`).toHaveLength(0);
  });
});

describe("the plan's places", () => {
  it("are kept by open invitations, and the refusal says what to do", async () => {
    const owner = await ownerOn("free");
    const { id } = await invited(owner, "first@example.com");
    const second = () => owner.api.tenants.invite({ slug: owner.tenant.slug, email: "second@example.com" });
    await expect(second()).rejects.toMatchObject({
      code: "LIMIT_REACHED",
      status: 409,
      message: expect.stringMatching(/free plan has room for 2 people/),
    });
    await owner.api.tenants.invite({ slug: owner.tenant.slug, email: "first@example.com", role: "viewer" });
    expect(await owner.api.tenants.members({ slug: owner.tenant.slug })).toMatchObject({
      places: { members: 1, invited: 1, max: 2 },
      larger: { plan: "pro", max: 10 },
    });
    await plane.database.owner`update invitations set expires_at = now() where tenant_id = ${owner.tenant.id}`;
    await second();
    const again = owner.api.tenants.resendInvitation({ slug: owner.tenant.slug, invitationId: id });
    await expect(again).rejects.toMatchObject({ code: "NOT_FOUND" });
    const [expired] = (await owner.api.tenants.invitations({ slug: owner.tenant.slug })).items.filter(
      ({ isExpired }) => isExpired,
    );
    const renewed = { slug: owner.tenant.slug, invitationId: expired?.id ?? "" };
    await expect(owner.api.tenants.resendInvitation(renewed)).rejects.toMatchObject({ code: "LIMIT_REACHED" });
  });

  it("the last one goes to one of twenty who are invited at once", async () => {
    const owner = await ownerOn("free");
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, (_, n) =>
        owner.api.tenants.invite({ slug: owner.tenant.slug, email: `race${n}@example.com` }),
      ),
    );
    expect(settled(tries, "fulfilled")).toBe(1);
    for (const one of tries) if (one.status === "rejected") expect(one.reason).toMatchObject({ code: "LIMIT_REACHED" });
  });

  it("one address that is invited twenty times at once has one open invitation", async () => {
    const owner = await ownerOn("free");
    const tries = await Promise.allSettled(
      Array.from({ length: 20 }, () =>
        owner.api.tenants.invite({ slug: owner.tenant.slug, email: "same@example.com" }),
      ),
    );
    expect(settled(tries, "fulfilled")).toBe(20);
    expect((await owner.api.tenants.invitations({ slug: owner.tenant.slug })).items).toHaveLength(1);
  });

  it("that a smaller plan no longer has are not taken by an old invitation; the database overrides the table", async () => {
    const owner = await ownerOn("pro");
    await addMember(owner, "member");
    const guest = await signUpPerson(plane, "guest");
    const { token } = await invited(owner, guest.email);
    await plane.database.owner`update tenants set plan = 'free' where id = ${owner.tenant.id}`;
    await expect(guest.api.tenants.acceptInvitation({ token })).rejects.toMatchObject({ code: "LIMIT_REACHED" });
    await plane.database.owner`insert into plan_limits (plan, members) values ('free', 3)`;
    try {
      await guest.api.tenants.acceptInvitation({ token });
    } finally {
      await plane.database.owner`delete from plan_limits`;
    }
  });
});

describe("roles", () => {
  let owner: Person;
  let admin: Person;
  let otherAdmin: Person;
  let member: Person;
  let viewer: Person;
  beforeAll(async () => {
    owner = await ownerOn();
    admin = await addMember(owner, "admin");
    otherAdmin = await addMember(owner, "admin");
    member = await addMember(owner, "member");
    viewer = await addMember(owner, "viewer");
    // A host that has the tenant, so that ending sessions has somebody to tell.
    await host.applyAll();
  });
  const slug = () => owner.tenant.slug;

  it("everybody sees the team, the owner first", async () => {
    for (const person of [owner, admin, member, viewer]) {
      const { items } = await person.api.tenants.members({ slug: slug() });
      expect(items.map(({ role }) => role)).toEqual(["owner", "admin", "admin", "member", "viewer"]);
    }
  });

  it("a member and a viewer change nothing about the team and see no invitation", async () => {
    const { id } = await invited(owner, "someone@example.com");
    for (const person of [member, viewer]) {
      const { tenants } = person.api;
      const refused = { code: "FORBIDDEN" };
      await expect(tenants.invite({ slug: slug(), email: "x@example.com" })).rejects.toMatchObject(refused);
      await expect(tenants.invitations({ slug: slug() })).rejects.toMatchObject(refused);
      await expect(tenants.resendInvitation({ slug: slug(), invitationId: id })).rejects.toMatchObject(refused);
      await expect(tenants.withdrawInvitation({ slug: slug(), invitationId: id })).rejects.toMatchObject(refused);
      await expect(tenants.changeRole({ slug: slug(), userId: viewer.id, role: "admin" })).rejects.toMatchObject(
        refused,
      );
      await expect(tenants.removeMember({ slug: slug(), userId: owner.id })).rejects.toMatchObject(refused);
      const confirmName = "owner lab";
      await expect(tenants.transferOwnership({ slug: slug(), userId: person.id, confirmName })).rejects.toMatchObject(
        refused,
      );
    }
  });

  it("an admin looks after members and viewers, and touches neither owner nor admins nor makes one", async () => {
    const { tenants } = admin.api;
    const refused = { code: "FORBIDDEN" };
    const forAdmin = await invited(owner, "chief@example.com", "admin");
    await expect(tenants.invite({ slug: slug(), email: "y@example.com", role: "admin" })).rejects.toMatchObject(
      refused,
    );
    for (const call of [tenants.resendInvitation, tenants.withdrawInvitation])
      await expect(call({ slug: slug(), invitationId: forAdmin.id })).rejects.toMatchObject(refused);
    await expect(tenants.changeRole({ slug: slug(), userId: member.id, role: "admin" })).rejects.toMatchObject(refused);
    for (const { id: userId } of [owner, otherAdmin]) {
      await expect(tenants.changeRole({ slug: slug(), userId, role: "viewer" })).rejects.toMatchObject(refused);
      await expect(tenants.removeMember({ slug: slug(), userId })).rejects.toMatchObject(refused);
    }
    const self = { slug: slug(), userId: admin.id };
    await expect(tenants.changeRole({ ...self, role: "viewer" })).rejects.toMatchObject(refused);
    await expect(tenants.removeMember(self)).rejects.toMatchObject({ code: "INVALID" });
    const confirmName = "owner lab";
    await expect(tenants.transferOwnership({ ...self, confirmName })).rejects.toMatchObject(refused);
    await tenants.changeRole({ slug: slug(), userId: viewer.id, role: "member" });
    await tenants.changeRole({ slug: slug(), userId: viewer.id, role: "viewer" });
    await tenants.invite({ slug: slug(), email: "z@example.com", role: "viewer" });
  });

  it("the owner's own role changes by handing over alone", async () => {
    const { tenants } = owner.api;
    await expect(tenants.changeRole({ slug: slug(), userId: owner.id, role: "admin" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
    await expect(tenants.leave({ slug: slug() })).rejects.toMatchObject({
      code: "PRECONDITION",
      message: expect.stringMatching(/Hand it over .* or have it deleted/),
    });
    const toOwner = { slug: slug(), userId: member.id, role: "owner" as never };
    await expect(tenants.changeRole(toOwner)).rejects.toMatchObject({ code: "INVALID" });
  });

  it("a change is in effect at once in every process, and ends what is open on the Stack", async () => {
    const second = await plane.openCloud();
    try {
      const elsewhere = callAs(second, { cookie: viewer.cookie }).api;
      expect((await elsewhere.tenants.get({ slug: slug() })).role).toBe("viewer");
      const before = await endingsOf(viewer);
      await owner.api.tenants.changeRole({ slug: slug(), userId: viewer.id, role: "admin" });
      expect(await endingsOf(viewer)).toBe(before + 1);
      await vi.waitFor(async () => expect(await elsewhere.tenants.invitations({ slug: slug() })).toBeDefined());
      await owner.api.tenants.changeRole({ slug: slug(), userId: viewer.id, role: "viewer" });
      expect((await auditOf(owner)).at(-1)).toBe("tenants.changeRole");
    } finally {
      await second.close();
    }
  });

  it("who is removed is out at once, in every process and on the Stack", async () => {
    const gone = await addMember(owner, "member");
    const second = await plane.openCloud();
    try {
      const elsewhere = callAs(second, { cookie: gone.cookie }).api;
      await elsewhere.tenants.get({ slug: slug() });
      const told = await host.api.agents.desired({ revision: 0 });
      await owner.api.tenants.removeMember({ slug: slug(), userId: gone.id });
      await vi.waitFor(() =>
        expect(elsewhere.tenants.get({ slug: slug() })).rejects.toMatchObject({ code: "NOT_FOUND" }),
      );
      const after = await host.api.agents.desired({ revision: told?.revision ?? 0 });
      expect(after?.revision).toBeGreaterThan(told?.revision ?? 0);
      expect(await endingsOf(gone)).toBe(1);
      expect((await rolesOf(owner))[gone.id]).toBeUndefined();
      expect((await auditOf(owner)).at(-1)).toBe("tenants.removeMember");
    } finally {
      await second.close();
    }
  });

  it("who leaves is out, and the Stack is told", async () => {
    const leaver = await addMember(owner, "admin");
    await leaver.api.tenants.leave({ slug: slug() });
    expect((await rolesOf(owner))[leaver.id]).toBeUndefined();
    expect(await endingsOf(leaver)).toBe(1);
    expect((await auditOf(owner)).at(-1)).toBe("tenants.leave");
    await expect(leaver.api.tenants.members({ slug: slug() })).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("another team's people and invitations are not found", async () => {
    const stranger = await ownerOn();
    const theirs = await invited(stranger, "theirs@example.com");
    const { tenants } = owner.api;
    const lost = { code: "NOT_FOUND" };
    const userId = stranger.id;
    await expect(tenants.changeRole({ slug: slug(), userId, role: "viewer" })).rejects.toMatchObject(lost);
    await expect(tenants.removeMember({ slug: slug(), userId })).rejects.toMatchObject(lost);
    await expect(tenants.transferOwnership({ slug: slug(), userId, confirmName: "owner lab" })).rejects.toMatchObject(
      lost,
    );
    const invitationId = theirs.id;
    await expect(tenants.resendInvitation({ slug: slug(), invitationId })).rejects.toMatchObject(lost);
    await expect(tenants.withdrawInvitation({ slug: slug(), invitationId })).rejects.toMatchObject(lost);
    expect((await rolesOf(stranger))[stranger.id]).toBe("owner");
  });
});

describe("handing over", () => {
  it("makes the member the owner and the owner an admin, when the name was typed", async () => {
    const owner = await ownerOn();
    const next = await addMember(owner, "viewer");
    const input = { slug: owner.tenant.slug, userId: next.id };
    const wrong = owner.api.tenants.transferOwnership({ ...input, confirmName: "Owner Lab" });
    await expect(wrong).rejects.toMatchObject({ code: "INVALID", fields: [{ path: "confirmName" }] });
    const self = owner.api.tenants.transferOwnership({ ...input, userId: owner.id, confirmName: "owner lab" });
    await expect(self).rejects.toMatchObject({ code: "INVALID", fields: [{ path: "userId" }] });
    await owner.api.tenants.transferOwnership({ ...input, confirmName: "owner lab" });
    expect(await rolesOf(owner)).toEqual({ [owner.id]: "admin", [next.id]: "owner" });
    expect([await endingsOf(owner), await endingsOf(next)]).toEqual([1, 1]);
    expect((await auditOf(owner)).at(-1)).toBe("tenants.transferOwnership");
    await owner.api.tenants.leave({ slug: owner.tenant.slug });
  });

  it("to many at once leaves exactly one owner", async () => {
    const owner = await ownerOn();
    const members = [
      await addMember(owner, "member"),
      await addMember(owner, "member"),
      await addMember(owner, "admin"),
    ];
    const tries = await Promise.allSettled(
      members.map(({ id }) =>
        owner.api.tenants.transferOwnership({ slug: owner.tenant.slug, userId: id, confirmName: "owner lab" }),
      ),
    );
    expect(settled(tries, "fulfilled")).toBe(1);
    expect(Object.values(await rolesOf(owner)).filter((role) => role === "owner")).toHaveLength(1);
  });

  it("while the next owner leaves, or is removed, leaves exactly one owner who is a member", async () => {
    for (let round = 0; round < 6; round++) {
      const owner = await ownerOn();
      const next = await addMember(owner, "member");
      const { slug } = owner.tenant;
      const admin = round % 2 === 0 ? null : await addMember(owner, "admin");
      await Promise.allSettled([
        owner.api.tenants.transferOwnership({ slug, userId: next.id, confirmName: "owner lab" }),
        admin ? admin.api.tenants.removeMember({ slug, userId: next.id }) : next.api.tenants.leave({ slug }),
      ]);
      const roles = await rolesOf(owner);
      const owners = Object.entries(roles).filter(([, role]) => role === "owner");
      expect(owners).toHaveLength(1);
    }
  });
});

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { callAs, cookieOf, createTestPlane, signInStaff, signUpPerson, type TestPlane } from "../testing.ts";

let plane: TestPlane;
beforeAll(async () => {
  plane = await createTestPlane();
});
afterAll(() => plane.close());

const password = "correct horse battery";

describe("signing up", () => {
  it("a second account with the same address is refused beside the field, whatever the case", async () => {
    const ann = await signUpPerson(plane, "ann");
    const again = callAs(plane.cloud).api.identity.register({ email: ann.email.toUpperCase(), password });
    await expect(again).rejects.toMatchObject({ code: "CONFLICT", fields: [{ path: "email" }] });
  });

  it("two registrations of one address at the same time make one account", async () => {
    const register = () => callAs(plane.cloud).api.identity.register({ email: "race@example.com", password });
    const results = await Promise.allSettled([register(), register(), register()]);
    expect(results.filter((result) => result.status === "fulfilled")).toHaveLength(1);
  });

  it("a retry with the same Idempotency-Key and password gets the same homelab; with another password it is refused", async () => {
    const register = (secret: string) =>
      callAs(plane.cloud, { "idempotency-key": "first-click" }).api.identity.register({
        email: "retry@example.com",
        password: secret,
      });
    const [first, second] = [await register(password), await register(password)];
    expect(second.tenant.id).toBe(first.tenant.id);
    await expect(register("another password")).rejects.toMatchObject({ code: "CONFLICT" });
  });

  it("without a name, the address stands in for it", async () => {
    const { user } = await callAs(plane.cloud).api.identity.register({ email: "ada.keller@example.com", password });
    expect(user.name).toBe("Ada Keller");
  });

  it("every refused field is named with what would be right", async () => {
    const error = await callAs(plane.cloud)
      .api.identity.register({ email: "nope", password: "short", tenantName: "x" })
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: "INVALID", status: 400 });
    expect((error as { fields: { path: string }[] }).fields.map((field) => field.path).sort()).toEqual([
      "email",
      "password",
      "tenantName",
    ]);
  });

  it("two homelabs of one name get two addresses, and reserved words are never given out", async () => {
    const first = await callAs(plane.cloud).api.identity.register({
      email: "n1@example.com",
      password,
      tenantName: "Same Name",
    });
    const second = await callAs(plane.cloud).api.identity.register({
      email: "n2@example.com",
      password,
      tenantName: "Same Name",
    });
    const reserved = await callAs(plane.cloud).api.identity.register({
      email: "n3@example.com",
      password,
      tenantName: "Admin",
    });
    expect(first.tenant.slug).toBe("samename");
    expect(second.tenant.slug).toMatch(/^samename\d+$/);
    expect(reserved.tenant.slug).not.toBe("admin");
  });
});

describe("signing in", () => {
  it("a wrong password and an unknown address get the same words after about the same time", async () => {
    const ann = await signUpPerson(plane, "timing");
    const attempt = async (email: string, round: number) => {
      const begin = performance.now();
      // From a new neighbourhood each time: nobody has to wait.
      const error = await callAs(plane.cloud, {}, { clientAddress: `10.1.${round}.1` })
        .api.identity.login({ email, password: "wrong password" })
        .catch((e: unknown) => e as Error);
      return { ms: performance.now() - begin, error: error as Error & { status: number } };
    };
    const known: number[] = [];
    const unknown: number[] = [];
    for (let round = 0; round < 8; round++) {
      const [a, b] = [await attempt(ann.email, round), await attempt(`nobody${round}@example.com`, round)];
      expect(a.error.message).toBe(b.error.message);
      expect([a.error.status, b.error.status]).toEqual([401, 401]);
      known.push(a.ms);
      unknown.push(b.ms);
    }
    const median = (values: number[]) => values.sort((x, y) => x - y)[values.length >> 1] ?? 0;
    expect(median(unknown) / median(known)).toBeGreaterThan(0.5);
    expect(median(unknown) / median(known)).toBeLessThan(2);
  });

  it("failures on one account are slowed down, known or not, and the right password before that clears the count", async () => {
    const ann = await signUpPerson(plane, "brute");
    const attempt = (email: string, secret: string) =>
      callAs(plane.cloud, {}, { clientAddress: "10.2.0.1" }).api.identity.login({ email, password: secret });
    const fail = (email: string) => expect(attempt(email, "wrong password")).rejects.toMatchObject({ status: 401 });
    const slowed = { code: "LIMIT_REACHED", status: 429, retryAfterSeconds: 1 };
    for (let n = 0; n < 5; n++) await fail(ann.email);
    await attempt(ann.email, password);
    for (const email of [ann.email, "nobody-at-all@example.com"]) {
      for (let n = 0; n < 6; n++) await fail(email);
      await expect(attempt(email, password)).rejects.toMatchObject(slowed);
    }
  });

  it("staff sign in to Admin, customers do not, and neither session works in the other portal", async () => {
    const staff = await signInStaff(plane);
    expect((await staff.api.identity.staffMe()).staff.role).toBe("owner");
    const ann = await signUpPerson(plane, "customer");
    await expect(callAs(plane.admin).api.identity.staffLogin({ email: ann.email, password })).rejects.toMatchObject({
      status: 401,
    });
    const crossed = callAs(plane.cloud, { cookie: staff.cookie.replace("kombify_admin", "kombify_cloud") });
    await expect(crossed.api.identity.me()).rejects.toMatchObject({ status: 401 });
  });
});

describe("sessions", () => {
  it("the table holds a hash and not the cookie's token", async () => {
    const ann = await signUpPerson(plane, "hash");
    const token = ann.cookie.split("=")[1] ?? "";
    const rows = await plane.database.owner`select id from sessions where user_id = ${ann.id}`;
    expect(rows).toHaveLength(1);
    expect(rows[0]?.id).not.toBe(token);
    expect(JSON.stringify(await plane.database.owner`select * from sessions`)).not.toContain(token);
  });

  it("signing out ends the session at once, also in another process that had just seen it", async () => {
    const otherProcess = await plane.openCloud();
    const ann = await signUpPerson(plane, "leaver");
    const elsewhere = () => callAs(otherProcess, { cookie: ann.cookie }).api.identity.me();
    await ann.api.identity.me();
    await elsewhere();
    const { api, responseHeaders } = callAs(plane.cloud, { cookie: ann.cookie });
    await api.identity.logout();
    expect(responseHeaders.get("set-cookie")).toMatch(/kombify_cloud=;.*Max-Age=0/);
    await expect(callAs(plane.cloud, { cookie: ann.cookie }).api.identity.me()).rejects.toMatchObject({ status: 401 });
    // Well before the five seconds for which the other process would have remembered it.
    await vi.waitFor(() => expect(elsewhere()).rejects.toMatchObject({ status: 401 }), {
      timeout: 2_000,
      interval: 20,
    });
    await otherProcess.close();
  });

  it("an expired session is refused", async () => {
    const ann = await signUpPerson(plane, "expired");
    await plane.database.owner`update sessions set expires_at = now() - interval '1 second' where user_id = ${ann.id}`;
    await expect(ann.api.identity.me()).rejects.toMatchObject({ status: 401 });
  });

  it("a session past its half-life is extended, and the cookie with it", async () => {
    const ann = await signUpPerson(plane, "slider");
    await plane.database.owner`update sessions set expires_at = now() + interval '10 days' where user_id = ${ann.id}`;
    const { api, responseHeaders } = callAs(plane.cloud, { cookie: ann.cookie });
    await api.identity.me();
    expect(cookieOf(responseHeaders)).toBe(ann.cookie);
    const [row] = await plane.database
      .owner`select expires_at > now() + interval '29 days' as extended from sessions where user_id = ${ann.id}`;
    expect(row?.extended).toBe(true);
  });

  it("the cookie cannot be read by scripts", async () => {
    const { api, responseHeaders } = callAs(plane.cloud);
    await api.identity.register({ email: "cookie@example.com", password });
    expect(cookieOf(responseHeaders)).toMatch(/^kombify_cloud=[\w-]{43}$/);
    expect(responseHeaders.get("set-cookie")).toMatch(/HttpOnly/);
    expect(responseHeaders.get("set-cookie")).toMatch(/SameSite=Lax/);
  });

  it("no answer of the API holds a password hash", async () => {
    const ann = await signUpPerson(plane, "secret");
    const { api } = callAs(plane.cloud);
    expect(
      JSON.stringify([await ann.api.identity.me(), await api.identity.login({ email: ann.email, password })]),
    ).not.toMatch(/argon2|passwordHash/);
  });
});

/** Mail from the transaction that wrote it to a real mail server over TCP, and to the mailbox of a developer's machine. */
import { Writable } from "node:stream";
import { text } from "node:stream/consumers";
import { ServiceError } from "@kombify/agent-contract";
import { createLogger } from "@kombify/server";
import { SMTPServer } from "smtp-server";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { callAs, createTestPlane, type TestPlane } from "../testing.ts";
import { startWorker } from "../worker.ts";
import { type MailDelivery, mailConflicts, openSmtp } from "./delivery.ts";
import { nameInMail } from "./header-text.ts";
import { type Mail, queueMail } from "./queue-mail.ts";
import { pruneMails, sendMail } from "./send-mail.ts";

interface Received {
  to: string[];
  raw: string;
}
interface Answer {
  at: "RCPT" | "DATA" | "MAIL";
  code: number;
}

let plane: TestPlane;
const servers: SMTPServer[] = [];
beforeAll(async () => {
  plane = await createTestPlane();
});
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise<void>((resolve) => server.close(resolve));
  await plane.database.owner`delete from mails`;
});
afterAll(() => plane.close());

/** A mail server that first gives these answers, one for each mail, and takes everything afterwards. */
async function startMailServer(
  answers: Answer[] = [],
): Promise<{ delivery: MailDelivery; received: Received[]; port: number }> {
  const received: Received[] = [];
  const refuse = (at: Answer["at"]) => {
    if (answers[0]?.at !== at) return null;
    const { code } = answers.shift() as Answer;
    return Object.assign(new Error("refused by the test"), { responseCode: code });
  };
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    logger: false,
    onMailFrom: (_address, _session, done) => done(refuse("MAIL")),
    onRcptTo: (_address, _session, done) => done(refuse("RCPT")),
    onData: (stream, session, done) => {
      void text(stream).then((raw) => {
        received.push({ raw, to: session.envelope.rcptTo.map(({ address }) => address) });
        done(refuse("DATA"));
      });
    },
  });
  servers.push(server);
  const { port } = await new Promise<{ port: number }>((resolve) => {
    const http = server.listen(0, "127.0.0.1", () => resolve(http.address() as { port: number }));
  });
  const delivery = openSmtp({ url: `smtp://127.0.0.1:${port}`, from: "kombify <no-reply@kombify.example>" });
  return { delivery, received, port };
}

const LETTER: Mail = { recipient: "ann@example.com", subject: "Hello", text: "Your link: https://x.example/s3cret" };

async function write(mail: Partial<Mail> = {}): Promise<string> {
  const system = plane.admin.asSystem("test");
  await system.db.transaction((tx) => queueMail(tx, system.can, { ...LETTER, ...mail }));
  const [row] = await plane.database.owner<{ id: string }[]>`select id from mails order by id desc limit 1`;
  return row?.id ?? "";
}
const rowOf = async (id: string) =>
  (await plane.database.owner`select * from mails where id = ${id}`)[0] as Record<string, unknown>;
const send = (delivery: MailDelivery, id: string) => sendMail(plane.admin.asSystem("test"), delivery, id);
const header = (raw: string, name: string) => new RegExp(`^${name}: (.*)$`, "im").exec(raw)?.[1]?.trim();

test("the worker delivers what a transaction wrote, once, and forgets the text", async () => {
  const { delivery, received } = await startMailServer();
  const { db, can } = plane.admin;
  const { log } = plane.admin.asSystem("test").request;
  const worker = await startWorker({ db, can, log, workerDatabaseUrl: plane.database.urls.worker, mail: delivery });
  try {
    const id = await write();
    await vi.waitFor(async () => expect((await rowOf(id)).sent_at).not.toBeNull(), { timeout: 20_000, interval: 50 });
    expect(received).toHaveLength(1);
    expect(received[0]?.to).toEqual(["ann@example.com"]);
    expect(received[0]?.raw).toContain("Your link: https://x.example/s3cret");
    expect(header(received[0]?.raw ?? "", "From")).toBe("kombify <no-reply@kombify.example>");
    expect(header(received[0]?.raw ?? "", "Message-ID")).toBe(`<${id}@kombify.example>`);
    expect(await rowOf(id)).toMatchObject({ sealed_body: "", attempts: 1, error: null });
  } finally {
    await worker.stop();
  }
});

test("a mail that was written in a transaction that failed does not exist", async () => {
  const system = plane.admin.asSystem("test");
  const failed = system.db.transaction(async (tx) => {
    await queueMail(tx, system.can, LETTER);
    throw new Error("no");
  });
  await expect(failed).rejects.toThrow("no");
  expect(await plane.database.owner`select from mails`).toHaveLength(0);
});

test("a server that is busy is asked again, and a double is recognised by its Message-ID", async () => {
  const { delivery, received } = await startMailServer([
    { at: "DATA", code: 451 },
    { at: "RCPT", code: 450 },
  ]);
  const id = await write();
  await expect(send(delivery, id)).rejects.toThrow(`Mail ${id} was not delivered`);
  expect(await rowOf(id)).toMatchObject({ attempts: 1, sent_at: null, error: expect.stringContaining("451") });
  await expect(send(delivery, id)).rejects.toThrow();
  await send(delivery, id);
  expect(await rowOf(id)).toMatchObject({ attempts: 3, error: null, sent_at: expect.any(Date), sealed_body: "" });
  const ids = received.map(({ raw }) => header(raw, "Message-ID"));
  expect(ids).toEqual([`<${id}@kombify.example>`, `<${id}@kombify.example>`]);
  await send(delivery, id);
  expect(received).toHaveLength(2);
});

test.each(["RCPT", "DATA"] as const)("what the server refuses for good at %s is not tried again", async (at) => {
  const { delivery, received } = await startMailServer([{ at, code: 550 }]);
  const id = await write();
  await send(delivery, id);
  expect(await rowOf(id)).toMatchObject({ sent_at: null, sealed_body: "", error: expect.stringContaining("550") });
  await send(delivery, id);
  expect(received).toHaveLength(at === "DATA" ? 1 : 0);
});

test("a sender that the server refuses is our mistake: the mail waits until it is mended", async () => {
  const { delivery } = await startMailServer([{ at: "MAIL", code: 553 }]);
  const id = await write();
  await expect(send(delivery, id)).rejects.toThrow();
  await send(delivery, id);
  expect((await rowOf(id)).sent_at).not.toBeNull();
});

test("a server that is not there leaves the mail waiting, with the reason", async () => {
  const id = await write();
  await expect(send(openSmtp({ url: "smtp://127.0.0.1:1", from: "a@example.com" }), id)).rejects.toThrow();
  expect(await rowOf(id)).toMatchObject({ attempts: 1, sent_at: null, error: expect.stringContaining("ECONNREFUSED") });
  await expect(send({ kind: "none" }, id)).rejects.toThrow();
  expect(await rowOf(id)).toMatchObject({ attempts: 2, error: expect.stringContaining("SMTP_URL") });
});

test("a server elsewhere that offers no TLS gets neither password nor mail", async () => {
  const { received, port } = await startMailServer();
  // Not a name of this machine for us, though it leads here: 0.0.0.0 is "this host" (RFC 1122, 3.2.1.3).
  const id = await write();
  await expect(send(openSmtp({ url: `smtp://0.0.0.0:${port}`, from: "a@example.com" }), id)).rejects.toThrow();
  expect(received).toHaveLength(0);
  await send(openSmtp({ url: `smtp://0.0.0.0:${port}?requireTLS=false`, from: "a@example.com" }), id);
  expect(received).toHaveLength(1);
});

test("ten workers at once deliver one mail once", async () => {
  const { delivery, received } = await startMailServer();
  const id = await write();
  await Promise.all(Array.from({ length: 10 }, () => send(delivery, id)));
  expect(received).toHaveLength(1);
});

test("a name with line ends adds no header and no recipient", async () => {
  const { delivery, received } = await startMailServer();
  const id = await write({ subject: "Eve\r\nBcc: victim@example.com\r\n\r\nbody\u2028 invites you" });
  await send(delivery, id);
  expect(received[0]?.to).toEqual(["ann@example.com"]);
  expect(header(received[0]?.raw ?? "", "Bcc")).toBeUndefined();
  expect(header(received[0]?.raw ?? "", "Subject")).toBe("Eve Bcc: victim@example.com body invites you");
  for (const recipient of ["a@example.com, b@example.com", "a@example.com\nBcc: b@example.com", "<a@example.com>", ""])
    await expect(write({ recipient })).rejects.toBeInstanceOf(ServiceError);
});

test("a name in a mail is no link", () => {
  expect(nameInMail("You won https://evil.example/x\n now")).toBe("You won https:// evil. example/x now");
  expect(nameInMail("Ann's homelab")).toBe("Ann's homelab");
});

test("nothing of a mail's text and nobody's address is in a log", async () => {
  const lines: string[] = [];
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  const log = createLogger({ name: "test", level: "trace" }, stream);
  const system = plane.admin.asSystem("test");
  const ctx = { ...system, request: { ...system.request, log } };
  const { delivery } = await startMailServer([
    { at: "DATA", code: 451 },
    { at: "RCPT", code: 550 },
  ]);
  const [first, second] = [await write(), await write()];
  const failure = await sendMail(ctx, delivery, first).catch(String);
  await sendMail(ctx, delivery, second);
  await sendMail(ctx, delivery, first);
  expect(lines.join("")).toContain(first);
  expect(lines.join("") + failure).not.toMatch(/s3cret|ann@example\.com|Hello/);
});

test("mails are kept for 30 days", async () => {
  const [old, young] = [await write(), await write()];
  await plane.database.owner`update mails set created_at = now() - interval '30 days 1 minute' where id = ${old}`;
  await plane.database.owner`update mails set created_at = now() - interval '29 days' where id = ${young}`;
  expect(await pruneMails(plane.admin.asSystem("test"))).toBe(1);
  expect((await plane.database.owner<{ id: string }[]>`select id from mails`).map(({ id }) => id)).toEqual([young]);
});

test("in the mailbox mails keep their text, which the database alone does not show", async () => {
  const id = await write();
  await send({ kind: "mailbox" }, id);
  const row = await rowOf(id);
  expect(row.sent_at).not.toBeNull();
  expect(row.sealed_body).not.toContain("s3cret");
});

test("the mailbox opens to a browser on its own machine alone, and only where mail goes there", async () => {
  const id = await write();
  const withMailbox = await createTestPlane({ hasMailbox: true });
  const elsewhere = await createTestPlane({ hasMailbox: true, cloudUrl: "https://cloud.example.com" });
  try {
    const here = { clientAddress: "::ffff:127.0.0.1", host: "localhost:3000" };
    const api = (info: object) => callAs(withMailbox.cloud, {}, info).api;
    expect((await api(here).mail.list()).items).toEqual([]);
    await expect(api(here).mail.get({ id })).rejects.toMatchObject({
      message: expect.stringContaining("no such mail"),
    });
    const refused = { code: "NOT_FOUND", message: "There is no mailbox here." };
    for (const info of [
      { ...here, clientAddress: "192.168.1.7" },
      { ...here, host: "rebound.example.com:3000" },
      { ...here, host: "localhost.example.com" },
    ])
      await expect(api(info).mail.list()).rejects.toMatchObject(refused);
    await expect(callAs(elsewhere.cloud, {}, here).api.mail.list()).rejects.toMatchObject(refused);
    await expect(callAs(plane.cloud, {}, here).api.mail.list()).rejects.toMatchObject(refused);
    await expect(callAs(plane.cloud, {}, here).api.mail.get({ id })).rejects.toMatchObject(refused);
  } finally {
    await Promise.all([withMailbox.close(), elsewhere.close()]);
  }
});

test("the settings of mail are checked against each other", () => {
  const CLOUD_URL = "http://localhost:3000";
  const pathsOf = (env: object) => mailConflicts({ CLOUD_URL, ...env }).map(({ path }) => path);
  expect(pathsOf({})).toEqual([]);
  expect(pathsOf({ MAIL_MAILBOX: "development" })).toEqual([]);
  expect(pathsOf({ MAIL_MAILBOX: "development", CLOUD_URL: "https://cloud.example.com" })).toEqual(["MAIL_MAILBOX"]);
  expect(pathsOf({ SMTP_URL: "smtp://mail.example.com" })).toEqual(["MAIL_FROM"]);
  expect(pathsOf({ SMTP_URL: "smtp://x", MAIL_FROM: "a@b.example", MAIL_MAILBOX: "development" })).toEqual([
    "MAIL_MAILBOX",
  ]);
});

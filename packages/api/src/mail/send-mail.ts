import type { Transaction } from "@kombify/db";
import { mails } from "@kombify/db/schema";
import { and, eq, isNull, sql } from "drizzle-orm";
import type { VerbContext } from "../context.ts";
import { type MailDelivery, MailRefused } from "./delivery.ts";
import { MAIL_BODY_PURPOSE } from "./queue-mail.ts";

const MAX_ERROR = 500;
/** How long a mail is kept. */
const KEPT_DAYS = 30;

type Outcome = "sent" | "again" | "given up";

/**
 * Job `send-mail`: delivers one mail. The row is locked from before the delivery until `sent_at` is written, so two
 * workers never deliver one mail; one that dies in between leaves a mail that is delivered again under the same
 * Message-ID.
 * @throws Error when it has to be tried again; the queue waits longer each time.
 */
export async function sendMail(ctx: VerbContext, delivery: MailDelivery, id: string): Promise<void> {
  const outcome = await ctx.db.transaction((tx) => attempt(tx, ctx, delivery, id));
  const { log } = ctx.request;
  if (outcome === "sent") log.info({ mail: id }, "mail sent");
  if (outcome === "given up") log.error({ mail: id }, "the mail server refused a mail for good; its row says why");
  // The server's own words stay in the row: they name people, and may repeat what they refuse.
  if (outcome === "again") throw new Error(`Mail ${id} was not delivered. Its row in the table mails says why.`);
}

async function attempt(tx: Transaction, ctx: VerbContext, delivery: MailDelivery, id: string): Promise<Outcome | null> {
  const [mail] = await tx
    .select()
    .from(mails)
    .where(and(eq(mails.id, id), isNull(mails.sentAt)))
    .for("update");
  if (!mail || mail.sealedBody === "") return null;
  const write = (change: Partial<typeof mails.$inferInsert>) =>
    tx
      .update(mails)
      .set({ attempts: sql`${mails.attempts} + 1`, ...change })
      .where(eq(mails.id, id));
  const delivered = { sentAt: new Date(), error: null };
  if (delivery.kind === "mailbox") {
    await write(delivered);
    return "sent";
  }
  try {
    if (delivery.kind === "none")
      throw new MailRefused("There is no mail server. Set SMTP_URL and MAIL_FROM; this mail is sent then.", false);
    const { recipient, subject, sealedBody } = mail;
    const text = await ctx.can.sealer.open(MAIL_BODY_PURPOSE, sealedBody);
    await delivery.deliver({ id, recipient, subject, text });
    await write({ ...delivered, sealedBody: "" });
    return "sent";
  } catch (error) {
    if (!(error instanceof MailRefused)) throw error;
    await write({ error: error.message.slice(0, MAX_ERROR), ...(error.isFinal ? { sealedBody: "" } : {}) });
    return error.isFinal ? "given up" : "again";
  }
}

/** Job `prune-mails`. @returns how many were old. */
export const pruneMails = (ctx: VerbContext): Promise<number> =>
  ctx.db.transaction(async (tx) => {
    const gone = await tx
      .delete(mails)
      .where(sql`${mails.createdAt} < now() - make_interval(days => ${KEPT_DAYS})`)
      .returning({ id: mails.id });
    return gone.length;
  });

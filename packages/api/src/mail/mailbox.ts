import { ServiceError } from "@kombify/agent-contract";
import type { VerbContext } from "../context.ts";
import { isLoopback } from "./loopback.ts";
import { MAIL_BODY_PURPOSE } from "./queue-mail.ts";
import type { MailView } from "./schemas.ts";

const SHOWN = 100;

/**
 * The mailbox shows links that sign people in to whoever asks. So it answers only where mail is said to go there, to a
 * browser on this machine, under a name of this machine: a page elsewhere whose name was pointed here (DNS rebinding)
 * has another. For everybody else there is no mailbox.
 */
function requireOwnMachine({ can, request }: VerbContext): void {
  const host = request.host?.replace(/:\d+$/, "") ?? "";
  if (!can.hasMailbox || !isLoopback(request.clientAddress) || !isLoopback(host))
    throw new ServiceError("NOT_FOUND", "There is no mailbox here.");
}

/** The latest mails, newest first. */
export async function listMails(ctx: VerbContext): Promise<MailView[]> {
  requireOwnMachine(ctx);
  return ctx.db.read<MailView>(
    (sql) => sql`select id, recipient, subject, created_at as "createdAt", sent_at as "sentAt"
      from mails order by id desc limit ${SHOWN}`,
  );
}

/** One mail with its text. @throws ServiceError NOT_FOUND */
export async function readMail(ctx: VerbContext, id: string) {
  requireOwnMachine(ctx);
  const [mail] = await ctx.db.read<MailView & { sealedBody: string }>(
    (
      sql,
    ) => sql`select id, recipient, subject, created_at as "createdAt", sent_at as "sentAt", sealed_body as "sealedBody"
      from mails where id = ${id}`,
  );
  if (!mail) throw new ServiceError("NOT_FOUND", "There is no such mail. Mails are kept for 30 days.");
  const { sealedBody, ...view } = mail;
  return { ...view, text: sealedBody === "" ? "" : await ctx.can.sealer.open(MAIL_BODY_PURPOSE, sealedBody) };
}

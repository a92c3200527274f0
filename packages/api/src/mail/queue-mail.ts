/**
 * Mail leaves in two steps: written in the transaction of the deed, sealed, because it may hold a link that signs
 * somebody in; delivered by the worker's job `send-mail`, again and again until the mail server takes it.
 */
import { enqueueJob, newId, type Transaction } from "@kombify/db";
import { mails } from "@kombify/db/schema";
import type { Capabilities } from "../context.ts";

export const MAIL_BODY_PURPOSE = "mails.sealed_body";

export interface Mail {
  recipient: string;
  subject: string;
  /** Plain text. */
  text: string;
}

/** Sends a mail when the transaction commits. */
export async function queueMail(tx: Transaction, can: Pick<Capabilities, "sealer">, mail: Mail): Promise<void> {
  const id = newId();
  const sealedBody = await can.sealer.seal(MAIL_BODY_PURPOSE, mail.text);
  await tx.insert(mails).values({ id, recipient: mail.recipient, subject: mail.subject, sealedBody });
  await enqueueJob(tx, "send-mail", { id });
}

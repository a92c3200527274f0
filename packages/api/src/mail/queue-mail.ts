/**
 * Mail leaves in two steps: written in the transaction of the deed, sealed, because it may hold a link that signs
 * somebody in; delivered by the worker's job `send-mail`, again and again until the mail server takes it.
 */
import { enqueueJob, newId, type Transaction } from "@kombify/db";
import { mails } from "@kombify/db/schema";
import type { Capabilities } from "../context.ts";
import { mailAddress, subjectLine } from "./header-text.ts";

export const MAIL_BODY_PURPOSE = "mails.sealed_body";

export interface Mail {
  recipient: string;
  /** One line; line ends in it become spaces. */
  subject: string;
  /** Plain text. */
  text: string;
}

/**
 * Sends a mail when the transaction commits.
 * @throws ServiceError INVALID when the recipient is not one address.
 */
export async function queueMail(tx: Transaction, can: Pick<Capabilities, "sealer">, mail: Mail): Promise<void> {
  const id = newId();
  const recipient = mailAddress(mail.recipient);
  const sealedBody = await can.sealer.seal(MAIL_BODY_PURPOSE, mail.text);
  await tx.insert(mails).values({ id, recipient, subject: subjectLine(mail.subject), sealedBody });
  await enqueueJob(tx, "send-mail", { id });
}

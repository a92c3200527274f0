/** What may be asked of the mailbox on a developer's machine. Browser-safe. */
import { z } from "zod";

export const mailView = z.object({
  id: z.uuid(),
  recipient: z.string(),
  subject: z.string(),
  createdAt: z.date(),
  /** Null while the worker has not had it. */
  sentAt: z.date().nullable(),
});
export type MailView = z.infer<typeof mailView>;
export const openedMailView = mailView.extend({
  /** Plain text. */
  text: z.string(),
});

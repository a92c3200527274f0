/** Where mail goes: to a mail server (SMTP, RFC 5321), to the mailbox of a developer's machine, or nowhere yet. */
import { createTransport } from "nodemailer";
import { z } from "zod";
import { isLoopback } from "./loopback.ts";

export interface OutgoingMail {
  id: string;
  recipient: string;
  subject: string;
  text: string;
}

export type MailDelivery =
  | {
      kind: "smtp";
      /** @throws MailRefused, whether for now or for good. */
      deliver(mail: OutgoingMail): Promise<void>;
    }
  /** Mail stays in the database, where a page of the Cloud portal shows it. */
  | { kind: "mailbox" }
  /** Nobody said where mail goes: it waits. */
  | { kind: "none" };

/** Why the mail server did not take a mail, in its own words. */
export class MailRefused extends Error {
  readonly isFinal: boolean;
  constructor(message: string, isFinal: boolean) {
    super(message);
    this.name = "MailRefused";
    this.isFinal = isFinal;
  }
}

/** `no-reply@example.com`, or with a name: `kombify <no-reply@example.com>`. */
const senderSchema = z
  .string()
  .regex(/^(?:[^<>"@\p{Cc}]+<[^<>\s@]+@[^<>\s@]+>|[^<>\s@"]+@[^<>\s@"]+)$/u, "must be an address or name <address>");

/** The variables that say where mail goes. They hold a password, so a refusal never repeats a value. */
export const mailVariables = {
  SMTP_URL: z.url({ protocol: /^smtps?$/, error: "must be an smtp:// or smtps:// address" }).optional(),
  MAIL_FROM: senderSchema.optional(),
  MAIL_MAILBOX: z.literal("development", { error: "can only be: development" }).optional(),
};

/** The variables as read, checked against each other. Adds an issue for each conflict. */
export function mailConflicts(env: {
  SMTP_URL?: string | undefined;
  MAIL_FROM?: string | undefined;
  MAIL_MAILBOX?: "development" | undefined;
  CLOUD_URL: string;
}): { path: string; message: string }[] {
  const conflicts: { path: string; message: string }[] = [];
  if (env.SMTP_URL && !env.MAIL_FROM)
    conflicts.push({ path: "MAIL_FROM", message: "is missing: a mail server is given, so say who writes" });
  if (env.MAIL_MAILBOX && env.SMTP_URL)
    conflicts.push({ path: "MAIL_MAILBOX", message: "cannot stand beside SMTP_URL: mail goes to one of them" });
  // An address that is none has been refused by its own rule.
  if (env.MAIL_MAILBOX && URL.canParse(env.CLOUD_URL) && !isLoopback(new URL(env.CLOUD_URL).hostname))
    conflicts.push({
      path: "MAIL_MAILBOX",
      message: "shows everybody's mail, so it is for a CLOUD_URL on localhost alone",
    });
  return conflicts;
}

/** @param options.url may say `?requireTLS=false` for a server that speaks no TLS; a password is then in the clear. */
export function openSmtp(options: { url: string; from: string; timeoutMs?: number }): MailDelivery {
  const { url, from, timeoutMs = 20_000 } = options;
  const { hostname, searchParams } = new URL(url);
  const domain = /@([^<>\s]+?)>?$/.exec(from)?.[1] ?? "localhost";
  const transport = createTransport({
    url,
    // Without this a server that does not offer STARTTLS, or somebody in between, gets the password and the links.
    ...(isLoopback(hostname) || searchParams.has("requireTLS") ? {} : { requireTLS: true }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    kind: "smtp",
    async deliver({ id, recipient, subject, text }) {
      try {
        await transport.sendMail({
          from,
          // As an object: a list of addresses cannot hide in it.
          to: { name: "", address: recipient },
          subject,
          text,
          // The same for every attempt, so that a double is recognised (RFC 5322, 3.6.4).
          messageId: `<${id}@${domain}>`,
          // No out-of-office answers, please (RFC 3834, 5).
          headers: { "Auto-Submitted": "auto-generated" },
        });
      } catch (error) {
        throw refusalOf(error);
      }
    },
  };
}

/**
 * 5yz to the recipient or to the message is the server's last word (RFC 5321, 4.2.1). A 5yz to the sender or to the
 * password is our own mistake, which somebody will mend: the mail waits.
 */
function refusalOf(error: unknown): MailRefused {
  const { responseCode = 0, command, message } = error as Error & { responseCode?: number; command?: string };
  return new MailRefused(message, responseCode >= 500 && (command === "RCPT TO" || command === "DATA"));
}

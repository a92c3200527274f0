import { hash, randomBytes } from "node:crypto";

/** 256 bits, for the link in the mail. Nothing but the recipient's mailbox keeps it. */
export const newInvitationToken = (): string => randomBytes(32).toString("base64url");

/** What is stored of a token: a leaked table lets nobody in. */
export const invitationTokenHash = (token: string): string => hash("sha256", token);

/** What people are told by mail about their account. Each says what to do for somebody who did not do it. */
import type { Mail } from "../mail/queue-mail.ts";

type Addressee = { email: string; name: string };

const mailTo = ({ email, name }: Addressee, subject: string, lines: string[]): Mail => ({
  recipient: email,
  subject,
  text: `${[`Hello ${name},`, ...lines, "kombify"].join("\n\n")}\n`,
});

const notYou = (cloudUrl: string) =>
  `If this was not you, somebody else can get at your account: choose a new password at ${cloudUrl}/reset now.`;

export const resetMail = (to: Addressee, cloudUrl: string, token: string): Mail =>
  mailTo(to, "Choose a new password", [
    "somebody, probably you, asked for a new password for your kombify account. Choose it here within one hour:",
    `${cloudUrl}/reset/${token}`,
    "If you asked for nothing, do nothing: your password stays as it is.",
  ]);

/** For accounts that have no password: a link that gives them one would go around their provider. */
export const noPasswordMail = (to: Addressee, cloudUrl: string): Mail =>
  mailTo(to, "You sign in without a password", [
    "somebody, probably you, asked for a new password for your kombify account. It has none: you sign in through your identity provider.",
    `Sign in there as always: ${cloudUrl}/login`,
    "If you asked for nothing, do nothing.",
  ]);

export const passwordChangedMail = (to: Addressee, cloudUrl: string): Mail =>
  mailTo(to, "Your password was changed", [
    "the password of your kombify account was changed, and everybody who was signed in elsewhere was signed out.",
    notYou(cloudUrl),
  ]);

export const secondFactorOnMail = (to: Addressee, cloudUrl: string): Mail =>
  mailTo(to, "Two-step sign-in is on", [
    "from now on, signing in to your kombify account takes a code from your authenticator app as well as your password.",
    notYou(cloudUrl),
  ]);

export const secondFactorOffMail = (to: Addressee, cloudUrl: string): Mail =>
  mailTo(to, "Two-step sign-in is off", [
    "from now on, your password alone signs in to your kombify account.",
    notYou(cloudUrl),
  ]);

export const recoveryCodeUsedMail = (to: Addressee, left: number, cloudUrl: string): Mail =>
  mailTo(to, "A recovery code was used", [
    `somebody signed in to your kombify account with a recovery code. ${left === 1 ? "One is" : `${left} are`} left.`,
    notYou(cloudUrl),
  ]);

export const wrongCodesMail = (to: Addressee, cloudUrl: string): Mail =>
  mailTo(to, "A sign-in was stopped", [
    "somebody gave the right password for your kombify account and then several wrong codes. They are not signed in.",
    notYou(cloudUrl),
  ]);

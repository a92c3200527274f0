/** What the team of a tenant is written. Plain text; everything that somebody typed goes through nameInMail. */
import { nameInMail } from "../mail/header-text.ts";
import type { Mail } from "../mail/queue-mail.ts";
import type { GivenRole } from "./team-schemas.ts";

const MAY: Record<GivenRole, string> = {
  admin: "you can change things there and look after the team",
  member: "you can change things there",
  viewer: "you can look at everything there",
};

export function invitationMail(to: {
  recipient: string;
  inviterName: string;
  tenantName: string;
  role: GivenRole;
  token: string;
  expiresAt: Date;
  cloudUrl: string;
}): Mail {
  const [inviter, homelab] = [nameInMail(to.inviterName), nameInMail(to.tenantName)];
  const until = to.expiresAt.toLocaleDateString("en-GB", { day: "numeric", month: "long", timeZone: "UTC" });
  return {
    recipient: to.recipient,
    subject: `${inviter} invites you to ${homelab}`,
    text: `Hello,

${inviter} invites you to the homelab "${homelab}" on kombify. As ${to.role === "admin" ? "an admin" : `a ${to.role}`}
${MAY[to.role]}.

Have a look and accept here:
${to.cloudUrl}/invitations/${to.token}

The link is for ${to.recipient} alone. It works once, until ${until}.

If you do not know ${inviter}, ignore this mail: nothing happens.

kombify
`,
  };
}

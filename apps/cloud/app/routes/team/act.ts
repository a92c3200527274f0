import type { Caller } from "@kombify/api";
import type { GivenRole } from "@kombify/api/schemas";

/**
 * Does what one of the page's forms asks for. What is not a role or an id is refused by the procedures.
 * @returns where to go: the page with a word that says what was done, or another page.
 */
export async function act(api: Caller, values: Record<string, string>): Promise<string> {
  const { tenant: slug = "", intent, userId = "", invitationId = "", email = "", confirmName = "" } = values;
  const role = (values.role ?? "") as GivenRole;
  const done = (word: string) => `/team?${new URLSearchParams({ tenant: slug, done: word })}`;
  switch (intent) {
    case "invite":
      await api.tenants.invite({ slug, email, role });
      return done("invited");
    case "resend":
      await api.tenants.resendInvitation({ slug, invitationId });
      return done("resent");
    case "withdraw":
      await api.tenants.withdrawInvitation({ slug, invitationId });
      return done("withdrawn");
    case "role":
      await api.tenants.changeRole({ slug, userId, role });
      return done("role");
    case "remove":
      await api.tenants.removeMember({ slug, userId });
      return done("removed");
    case "transfer":
      await api.tenants.transferOwnership({ slug, userId, confirmName });
      return done("transferred");
    case "leave":
      await api.tenants.leave({ slug });
      return "/homelab";
    default:
      return `/team?${new URLSearchParams({ tenant: slug })}`;
  }
}

/** What the page says after each. */
export const DONE: Record<string, string> = {
  invited: "The invitation is on its way.",
  resent: "The invitation is on its way again. The link of the earlier mail no longer works.",
  withdrawn: "The invitation was withdrawn. Its link no longer works.",
  role: "The role was changed. It is in effect at once.",
  removed: "Removed from the team. What was open in the homelab is signed out.",
  transferred: "The homelab was handed over. You are an admin now.",
};

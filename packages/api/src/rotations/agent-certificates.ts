/** Every agent gets a new key and certificate now instead of at two thirds of the old one's life. */
import { renewCertificates } from "../agents/change-authority.ts";
import { whoHasOlder } from "../agents/who-waits.ts";
import { waitFor } from "./certificate-authority.ts";
import type { Rotation } from "./rotation.ts";

export const agentCertificatesRotation: Rotation = {
  kind: "agent-certificates",
  title: "Agent certificates",
  // They renew themselves every 16 hours; this is for when one has to be sure.
  everyDays: null,
  steps: [
    {
      name: "Agents are asked for new certificates",
      run: async (ctx, { startedAt }) => {
        const [asked] = await ctx.db.read<{ isDone: boolean }>(
          (sql) => sql`select bool_and(renew_certificates_before >= ${startedAt}) as "isDone" from instances`,
        );
        if (!asked?.isDone) await renewCertificates(ctx);
        return { isDone: true };
      },
    },
    {
      name: "Every connected agent uses its new certificate",
      run: async (ctx, { startedAt }) => {
        const waiting = waitFor(await whoHasOlder(ctx, startedAt), "use their new certificates");
        return waiting.isDone ? { isDone: true, detail: "Agents that are away renew when they are back." } : waiting;
      },
    },
  ],
  // There is nothing to take back: whoever has renewed has renewed, and the others do when their time comes.
  cancel: async () => undefined,
  async inUseSince(ctx) {
    const [row] = await ctx.db.read<{ since: Date | null }>(
      (sql) => sql`
        select max(c.issued_at) as since from instance_reports r join agent_certificates c on c.serial = r.certificate_serial`,
    );
    return row?.since ?? null;
  },
};

import { z } from "zod";
import { foundingProcedure } from "../procedures.ts";
import { router } from "../trpc.ts";
import { listMails, readMail } from "./mailbox.ts";
import { mailView, openedMailView } from "./schemas.ts";

/** The mailbox of a developer's machine. It has no REST: it is for the page that shows it. */
export const mailRouter = router({
  list: foundingProcedure
    .input(z.void())
    .output(z.object({ items: z.array(mailView) }))
    .query(async ({ ctx }) => ({ items: await listMails(ctx) })),

  get: foundingProcedure
    .input(z.strictObject({ id: z.uuid() }))
    .output(openedMailView)
    .query(({ ctx, input }) => readMail(ctx, input.id)),
});

import { createStackSchema, ServiceError, updateStackSchema } from "@kombify/agent-contract";
import type { Hono } from "hono";
import type { CallerEnv } from "../stack-api/caller.ts";
import { getRecord } from "../stack-api/present.ts";
import { createStack, removeStack, updateStack } from "../stack-api/stacks.ts";
import { emptyForm } from "./fields.ts";
import { stackInputOf } from "./form-input.ts";
import { stackPage } from "./pages/stack.ts";
import { newStackPage } from "./pages/stack-form.ts";
import { stacksPage } from "./pages/stacks.ts";
import { type ConsoleContext, type ConsoleParts, check, type Show, submit } from "./respond.ts";

function assertConfirmed(typed: string | undefined, name: string): void {
  if (typed?.trim() === name) return;
  const message = `Type ${name} exactly as it is written here.`;
  throw new ServiceError("INVALID", message, { fields: [{ path: "confirmation", message }] });
}

export function addStackRoutes(app: Hono<CallerEnv>, { onJob }: ConsoleParts, show: Show): void {
  const stackOf = (c: ConsoleContext) => getRecord(c.get("caller").store, "stacks", c.req.param("id") ?? "");

  app.get("/stacks", async (c) => show(c, await stacksPage(c.get("caller"), c.req.query())));
  app.get("/stacks/new", (c) => show(c, newStackPage(emptyForm({ mode: "easy" }))));
  app.post("/stacks/new", (c) =>
    submit(
      c,
      async (values) => {
        const { stack } = await createStack(c.get("caller"), check(createStackSchema, stackInputOf(values)));
        onJob(c.get("caller").tenant);
        return c.redirect(`/stacks/${stack.id}?notice=created`, 303);
      },
      (form, status) => show(c, newStackPage(form), status),
    ),
  );
  app.get("/stacks/:id", async (c) =>
    show(c, await stackPage(c.get("caller"), await stackOf(c), c.req.query("notice"))),
  );
  app.post("/stacks/:id", async (c) => {
    const stack = await stackOf(c);
    return submit(
      c,
      async (values) => {
        await updateStack(c.get("caller"), stack.id, check(updateStackSchema, stackInputOf(values)));
        onJob(c.get("caller").tenant);
        return c.redirect(`/stacks/${stack.id}?notice=saved`, 303);
      },
      async (edit, status) => show(c, await stackPage(c.get("caller"), stack, undefined, { edit }), status),
    );
  });
  app.post("/stacks/:id/delete", async (c) => {
    const stack = await stackOf(c);
    return submit(
      c,
      async ({ confirmation }) => {
        assertConfirmed(confirmation, stack.name);
        await removeStack(c.get("caller"), stack.id);
        onJob(c.get("caller").tenant);
        return c.redirect("/stacks?notice=deleted", 303);
      },
      async (remove, status) => show(c, await stackPage(c.get("caller"), stack, undefined, { remove }), status),
    );
  });
}

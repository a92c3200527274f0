import { createNodeSchema, ServiceError, updateNodeSchema } from "@kombify/agent-contract";
import type { Hono } from "hono";
import type { CallerEnv } from "../stack-api/caller.ts";
import { createNode, removeNode, updateNode } from "../stack-api/nodes.ts";
import { getRecord } from "../stack-api/present.ts";
import { emptyForm } from "./fields.ts";
import { nodePage } from "./pages/node-form.ts";
import { type ConsoleContext, type ConsoleParts, check, type Show, submit } from "./respond.ts";

const inputOf = ({ name = "", role, address = "" }: Record<string, string>) => ({ name, role, address });

export function addNodeRoutes(app: Hono<CallerEnv>, { onJob }: ConsoleParts, show: Show): void {
  const stackOf = (c: ConsoleContext) => getRecord(c.get("caller").store, "stacks", c.req.param("id") ?? "");
  const placeOf = async (c: ConsoleContext) => {
    const [stack, node] = await Promise.all([
      stackOf(c),
      getRecord(c.get("caller").store, "nodes", c.req.param("nodeId") ?? ""),
    ]);
    if (node.stackId !== stack.id) throw new ServiceError("NOT_FOUND", "There is no such node in this stack.");
    return { stack, node };
  };

  app.get("/stacks/:id/nodes/new", async (c) =>
    show(c, nodePage(await stackOf(c), null, emptyForm({ role: "foundation" }))),
  );
  app.post("/stacks/:id/nodes/new", async (c) => {
    const stack = await stackOf(c);
    return submit(
      c,
      async (values) => {
        await createNode(c.get("caller"), check(createNodeSchema, { stackId: stack.id, ...inputOf(values) }));
        onJob(c.get("caller").tenant);
        return c.redirect(`/stacks/${stack.id}?notice=added`, 303);
      },
      (form, status) => show(c, nodePage(stack, null, form), status),
    );
  });
  app.get("/stacks/:id/nodes/:nodeId", async (c) => {
    const { stack, node } = await placeOf(c);
    const { name, role, address } = node;
    return show(c, nodePage(stack, node, emptyForm({ name, role, address })));
  });
  app.post("/stacks/:id/nodes/:nodeId", async (c) => {
    const { stack, node } = await placeOf(c);
    return submit(
      c,
      async (values) => {
        await updateNode(c.get("caller"), node.id, check(updateNodeSchema, inputOf(values)));
        onJob(c.get("caller").tenant);
        return c.redirect(`/stacks/${stack.id}?notice=saved`, 303);
      },
      (form, status) => show(c, nodePage(stack, node, form), status),
    );
  });
  app.post("/stacks/:id/nodes/:nodeId/delete", async (c) => {
    const { stack, node } = await placeOf(c);
    await removeNode(c.get("caller"), node.id);
    onJob(c.get("caller").tenant);
    return c.redirect(`/stacks/${stack.id}?notice=removed`, 303);
  });
}

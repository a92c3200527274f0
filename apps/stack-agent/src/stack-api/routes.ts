import {
  createNodeSchema,
  createStackSchema,
  ServiceError,
  updateNodeSchema,
  updateStackSchema,
} from "@kombify/agent-contract";
import { readJson } from "@kombify/server";
import { Hono } from "hono";
import { cancelJob } from "../jobs/cancel-job.ts";
import type { CallerEnv } from "./caller.ts";
import { createNode, removeNode, updateNode } from "./nodes.ts";
import { getRecord, listPage, presentJob, presentNode, presentStack } from "./present.ts";
import { createStack, removeStack, updateStack } from "./stacks.ts";

/**
 * The Stack's API behind the tenant middleware, the same on both listeners.
 * @param onJob told after every write that left a job, with the tenant's id.
 */
export function stackApi(onJob: (tenant: { id: string; slug: string }) => void): Hono<CallerEnv> {
  const api = new Hono<CallerEnv>();

  api.get("/stacks", async (c) => c.json(await listPage(c.get("caller").store, "stacks", c.req.query())));
  api.post("/stacks", async (c) => {
    const { stack } = await createStack(c.get("caller"), await readJson(c, createStackSchema));
    onJob(c.get("caller").tenant);
    return c.json(presentStack(stack), 201);
  });
  api.get("/stacks/:id", async (c) =>
    c.json(presentStack(await getRecord(c.get("caller").store, "stacks", c.req.param("id")))),
  );
  api.patch("/stacks/:id", async (c) => {
    const { stack } = await updateStack(c.get("caller"), c.req.param("id"), await readJson(c, updateStackSchema));
    onJob(c.get("caller").tenant);
    return c.json(presentStack(stack));
  });
  api.delete("/stacks/:id", async (c) => {
    await removeStack(c.get("caller"), c.req.param("id"));
    onJob(c.get("caller").tenant);
    return c.body(null, 204);
  });

  api.get("/nodes", async (c) => c.json(await listPage(c.get("caller").store, "nodes", c.req.query())));
  api.post("/nodes", async (c) => {
    const node = await createNode(c.get("caller"), await readJson(c, createNodeSchema));
    onJob(c.get("caller").tenant);
    return c.json(presentNode(node), 201);
  });
  api.get("/nodes/:id", async (c) =>
    c.json(presentNode(await getRecord(c.get("caller").store, "nodes", c.req.param("id")))),
  );
  api.patch("/nodes/:id", async (c) => {
    const node = await updateNode(c.get("caller"), c.req.param("id"), await readJson(c, updateNodeSchema));
    onJob(c.get("caller").tenant);
    return c.json(presentNode(node));
  });
  api.delete("/nodes/:id", async (c) => {
    await removeNode(c.get("caller"), c.req.param("id"));
    onJob(c.get("caller").tenant);
    return c.body(null, 204);
  });

  api.get("/jobs", async (c) => c.json(await listPage(c.get("caller").store, "jobs", c.req.query())));
  api.get("/jobs/:id", async (c) =>
    c.json(presentJob(await getRecord(c.get("caller").store, "jobs", c.req.param("id")))),
  );
  api.post("/jobs/:id/cancel", async (c) => {
    const { store, tenant } = c.get("caller");
    const job = await cancelJob(store, await getRecord(store, "jobs", c.req.param("id")));
    onJob(tenant);
    return c.json(presentJob(job));
  });
  api.all("*", (c) => {
    throw new ServiceError("NOT_FOUND", `There is nothing at ${c.req.path}.`);
  });
  return api;
}

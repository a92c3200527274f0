/**
 * `/v1/stacks`, `/v1/nodes` and `/v1/jobs` on Cloud: passed to the tenant's instance over mTLS in the caller's name. The
 * same authoriser as everywhere resolves the tenant; headers that claim an identity are not passed on, they are made here.
 */
import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import type { BaseContext, TenantContext } from "./context.ts";
import { tenantProcedure } from "./procedures.ts";
import { carryHeaders } from "./rate-limits/carry-headers.ts";
import { findHome } from "./tenants/home.ts";
import { createCallerFactory, router, serviceErrorOf } from "./trpc.ts";

/** Cloud's paths that a tenant's host answers. */
export const STACK_PATH = /^\/v1\/(stacks|nodes|jobs)(\/[A-Za-z0-9-]+)*\/?$/;
const METHODS = ["GET", "POST", "PATCH", "DELETE"] as const;

const passInput = z.object({
  method: z.enum(METHODS),
  path: z.string(),
  contentType: z.string(),
  body: z.string().optional(),
});

async function pass(ctx: TenantContext, input: z.output<typeof passInput>): Promise<Response> {
  const home = await findHome(ctx);
  const { user } = ctx.session;
  const headers: Record<string, string> = {
    "x-request-id": ctx.request.requestId,
    "x-user-id": user.id,
    "x-tenant-id": ctx.tenant.id,
    "x-user-role": ctx.tenant.role,
    "x-user-email": user.email,
    // Header values are ASCII (RFC 9110, 5.5); names are not.
    "x-user-name": user.name.replace(/[^\x20-\x7e]/g, "?"),
    ...(input.body === undefined ? {} : { "content-type": input.contentType }),
  };
  const { method, path, body } = input;
  return ctx.can.agents.forward(home.instance, { method, path, headers, ...(body === undefined ? {} : { body }) });
}

// Not part of the public router: its answer is a Response, and it exists only behind the paths above.
const passRouter = router({
  read: tenantProcedure("stack:read")
    .input(passInput)
    .output(z.instanceof(Response))
    .mutation(({ ctx, input }) => pass(ctx, input)),
  write: tenantProcedure("stack:write")
    .input(passInput)
    .output(z.instanceof(Response))
    .mutation(({ ctx, input }) => pass(ctx, input)),
});
const createPassCaller = createCallerFactory(passRouter);

export const isStackPath = (pathname: string): boolean => STACK_PATH.test(pathname);

/** @throws ServiceError as every procedure, and UPSTREAM when the host is away. */
export async function passToStack(request: Request, ctx: BaseContext): Promise<Response> {
  const method = METHODS.find((one) => one === request.method);
  if (!method) throw new ServiceError("INVALID", `This path takes ${METHODS.join(", ")}.`, { status: 405 });
  const { pathname, search } = new URL(request.url);
  const text = method === "GET" ? "" : await request.text();
  const answer = await createPassCaller(ctx)
    [method === "GET" ? "read" : "write"]({
      method,
      path: `${pathname}${search}`,
      contentType: request.headers.get("content-type") ?? "application/json",
      ...(text === "" ? {} : { body: text }),
    })
    .catch((error: unknown) => {
      throw serviceErrorOf(error);
    });
  return carryHeaders(ctx.responseHeaders, answer);
}

/** The whole API on one screen. */
import { agentsRouter } from "./agents/router.ts";
import { auditRouter } from "./audit/router.ts";
import { fleetRouter } from "./fleet/router.ts";
import { accountRouter } from "./identity/account-router.ts";
import { identityRouter } from "./identity/router.ts";
import { instancesRouter } from "./instances/router.ts";
import { tenantsRouter } from "./tenants/router.ts";
import { signUpRouter } from "./tenants/sign-up.ts";
import { createCallerFactory, mergeRouters, router } from "./trpc.ts";

export const appRouter = router({
  identity: mergeRouters(identityRouter, accountRouter, signUpRouter),
  tenants: tenantsRouter,
  instances: instancesRouter,
  agents: agentsRouter,
  fleet: fleetRouter,
  audit: auditRouter,
});

export type AppRouter = typeof appRouter;
export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;

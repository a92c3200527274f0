/** The whole API on one screen. */
import { agentsRouter } from "./agents/router.ts";
import { auditRouter } from "./audit/router.ts";
import { fleetRouter } from "./fleet/router.ts";
import { identityRouter } from "./identity/router.ts";
import { instancesRouter } from "./instances/router.ts";
import { mailRouter } from "./mail/router.ts";
import { tenantsRouter } from "./tenants/router.ts";
import { signUpRouter } from "./tenants/sign-up.ts";
import { teamRouter } from "./tenants/team-router.ts";
import { createCallerFactory, mergeRouters, router } from "./trpc.ts";

export const appRouter = router({
  identity: mergeRouters(identityRouter, signUpRouter),
  tenants: mergeRouters(tenantsRouter, teamRouter),
  instances: instancesRouter,
  agents: agentsRouter,
  fleet: fleetRouter,
  audit: auditRouter,
  mail: mailRouter,
});

export type AppRouter = typeof appRouter;
export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;

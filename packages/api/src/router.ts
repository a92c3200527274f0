/** The whole API on one screen. */
import { agentsRouter } from "./agents/router.ts";
import { auditRouter } from "./audit/router.ts";
import { flagChangesRouter } from "./flags/changes-router.ts";
import { portalFlagsRouter } from "./flags/portal-router.ts";
import { flagRolloutRouter } from "./flags/rollout-router.ts";
import { flagsRouter } from "./flags/router.ts";
import { fleetRouter } from "./fleet/router.ts";
import { accountRouter } from "./identity/account-router.ts";
import { identityRouter } from "./identity/router.ts";
import { tokensRouter } from "./identity/tokens-router.ts";
import { instancesRouter } from "./instances/router.ts";
import { mailRouter } from "./mail/router.ts";
import { rotationsRouter, webhookSecretsRouter } from "./rotations/router.ts";
import { tenantsRouter } from "./tenants/router.ts";
import { signUpRouter } from "./tenants/sign-up.ts";
import { teamRouter } from "./tenants/team-router.ts";
import { createCallerFactory, mergeRouters, router } from "./trpc.ts";
import { webhooksRouter } from "./webhooks/router.ts";

export const appRouter = router({
  identity: mergeRouters(identityRouter, accountRouter, signUpRouter),
  tokens: tokensRouter,
  tenants: mergeRouters(tenantsRouter, teamRouter),
  instances: instancesRouter,
  agents: agentsRouter,
  flags: mergeRouters(flagsRouter, flagChangesRouter, flagRolloutRouter, portalFlagsRouter),
  fleet: fleetRouter,
  audit: auditRouter,
  mail: mailRouter,
  rotations: rotationsRouter,
  webhooks: mergeRouters(webhooksRouter, webhookSecretsRouter),
});

export type AppRouter = typeof appRouter;
export const createCaller = createCallerFactory(appRouter);
export type Caller = ReturnType<typeof createCaller>;

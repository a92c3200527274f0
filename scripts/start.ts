/** `npm start`: everything on one machine. Starts the parts in order, keeps them running, stops them in reverse. */
import { join, relative } from "node:path";
import { type Child, startChild } from "./start/children.ts";
import { addressFiles, migrateDatabase, openDatabaseServer } from "./start/database.ts";
import { takeHome, writeReady } from "./start/home.ts";
import { identityProviderPart, oidcProvidersOf, openProviderSecrets } from "./start/identity-provider.ts";
import { awaitLeftBehind, recordChild } from "./start/left-behind.ts";
import { credentialsFile, isKnownInstance, localJoinToken, openOperator, seedFirstStaff } from "./start/operator.ts";
import { checkPocketBase } from "./start/pocketbase.ts";
import { buildPortals } from "./start/portals.ts";
import { createProgress } from "./start/progress.ts";
import { checkPorts, waitUntilReady } from "./start/ready.ts";
import { openSecrets, ROOT, readSettings, type Secrets, type Settings } from "./start/settings.ts";
import { AGENT_FOLDER, agentArgs, agentEnvironment, joinedInstance, joinLocalAgent } from "./start/stack.ts";
import { createStops } from "./start/stops.ts";

const progress = createProgress();
const stops = createStops(progress);

type PortalSecrets = Secrets & { oidcProviders: string };

function portalEnvironment(settings: Settings, secrets: PortalSecrets, port: number) {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    NODE_ENV: "production",
    PORT: String(port),
    DATABASE_URL_FILE: addressFiles(settings).web,
    KOMBIFY_ENCRYPTION_KEY: secrets.encryptionKey,
    ...(secrets.previousEncryptionKey === undefined
      ? {}
      : { KOMBIFY_ENCRYPTION_KEY_PREVIOUS: secrets.previousEncryptionKey }),
    OIDC_PROVIDERS: secrets.oidcProviders,
    ...(settings.redisUrl === undefined ? {} : { REDIS_URL: settings.redisUrl }),
    CLOUD_URL: settings.cloudUrl,
    ADMIN_URL: settings.adminUrl,
    AGENT_API_URL: settings.agentApiUrl,
    AGENT_API_PORT: String(settings.ports.AGENT_API_PORT),
    ...settings.mailEnvironment,
  };
}

/** Without a port of its own a portal has no listener for a gateway. */
const gatewayEnvironment = ({ gatewayPorts }: Settings, name: "admin" | "cloud"): NodeJS.ProcessEnv =>
  gatewayPorts[name] === undefined ? {} : { GATEWAY_PORT: String(gatewayPorts[name]) };

type Part = { name: string; args: string[]; cwd: string; env: NodeJS.ProcessEnv; url: string };

/** Starts one process and waits until it answers, or says why it died. */
async function startPart(settings: Settings, { url, ...part }: Part): Promise<Child> {
  const logFile = join(settings.home, "logs", `${part.name}.log`);
  const onSpawn = (pid: number) => recordChild(settings.home, part.name, pid);
  const child = await startChild({ ...part, logFile, onSpawn, say: progress.say });
  stops.add(part.name, () => child.stop());
  await Promise.race([waitUntilReady(part.name, url), child.died, stops.asked]);
  child.declareReady();
  return child;
}

async function start(): Promise<void> {
  const settings = readSettings(process.env);
  const { home } = settings;
  const { step } = progress;
  progress.say("kombify starts");
  stops.add("home", await takeHome(home));
  await awaitLeftBehind(home);
  await checkPorts(settings);
  if (settings.stackEnvironment.KOMBIFY_ENGINE === "pocketbase")
    await stops.during(step("PocketBase", () => checkPocketBase(settings, progress.say)));
  const secrets = await openSecrets(home);
  const server = await stops.during(
    step("PostgreSQL", async () => {
      const opened = await openDatabaseServer(settings);
      stops.add("postgres", opened.stop);
      return opened;
    }),
  );
  const urls = await stops.during(step("migrations", () => migrateDatabase(settings, server.ownerUrl, secrets)));
  const operator = await openOperator(settings, secrets, urls.web);
  stops.add("operator", () => operator.close());
  await stops.during(step("first staff account", () => seedFirstStaff(operator, home)));

  await stops.during(step("portals built", () => buildPortals(stops.signal)));
  const oidcProviders = oidcProvidersOf(settings, await openProviderSecrets(home));
  const portalSecrets = { ...secrets, oidcProviders };
  const portalEnv = (port: number) => portalEnvironment(settings, portalSecrets, port);
  const portal = (name: "admin" | "cloud", port: number, more: NodeJS.ProcessEnv = {}) => {
    const cwd = join(ROOT, "apps", name);
    const url = `http://localhost:${port}`;
    return startPart(settings, {
      name,
      args: [join(cwd, "server.ts")],
      cwd,
      env: { ...portalEnv(port), ...gatewayEnvironment(settings, name), ...more },
      url,
    });
  };
  if (!settings.oidcProviders)
    await step("identity provider", () => startPart(settings, identityProviderPart(settings)));
  const worker = { WORKER_DATABASE_URL_FILE: addressFiles(settings).worker };
  await step("Admin center and worker", () => portal("admin", settings.ports.ADMIN_PORT, worker));
  await step("Cloud portal", () => portal("cloud", settings.ports.CLOUD_PORT));
  const instanceId = await joinedInstance(settings);
  if (instanceId === null || !(await isKnownInstance(operator, instanceId)))
    await stops.during(
      step("local Stack joins over mTLS", async () => joinLocalAgent(settings, await localJoinToken(operator))),
    );
  const stack = { name: "stack", args: agentArgs("start"), cwd: AGENT_FOLDER, env: agentEnvironment(settings) };
  await step("local Stack", () => startPart(settings, { ...stack, url: settings.stackUrl }));
  await writeReady(settings);
  announce(settings);
}

/** A path as a person types it from the checkout; whole when it lies elsewhere. */
function shortened(path: string): string {
  const short = relative(ROOT, path);
  return short.startsWith("..") ? path : short;
}

function announce(settings: Settings): void {
  const { home, cloudUrl, adminUrl, stackUrl, idpUrl, oidcProviders, mailEnvironment } = settings;
  progress.say(`
kombify is ready in ${(performance.now() / 1000).toFixed(1)} s
  Cloud  ${cloudUrl}   sign up here
  Admin  ${adminUrl}   e-mail and password are in ${shortened(credentialsFile(home))}
  Stack  ${stackUrl}${oidcProviders ? "" : `\n  IdP    ${idpUrl}   people for "Continue with kombify ID"`}
  Mail   ${mailEnvironment.MAIL_MAILBOX ? `${cloudUrl}/dev/mailbox   nothing is really sent` : "goes to your mail server"}
  Logs   ${shortened(join(home, "logs"))}
Ctrl-C ends everything; the data stays.`);
}

start().catch(async (error: unknown) => {
  if (stops.isStopping()) return;
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  await stops.run(1);
});

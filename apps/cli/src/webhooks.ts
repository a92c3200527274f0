import { createInterface } from "node:readline/promises";
import { enterWebhookSecret, listRotations } from "@kombify/api";
import { addWebhookSecretInput, WEBHOOK_PROVIDERS } from "@kombify/api/schemas";
import { Argument, type Command } from "commander";
import { CommandError, withControlPlane } from "./control-plane.ts";
import { followRotation } from "./rotate.ts";

/** Typed or piped in, and never an argument: arguments are seen by everybody on the machine and kept in histories. */
async function readSecret(provider: string): Promise<string> {
  const isTyped = process.stdin.isTTY === true;
  // Without an output for the typed line, the terminal does not show it.
  const lines = createInterface({ input: process.stdin, terminal: isTyped });
  if (isTyped) process.stderr.write(`The signing key that ${provider} shows (it is not shown here): `);
  try {
    for await (const line of lines) return line;
  } finally {
    lines.close();
    if (isTyped) process.stderr.write("\n");
  }
  throw new CommandError("There was no secret. Type it, or pipe it in.");
}

async function enter(provider: string): Promise<void> {
  const input = addWebhookSecretInput.safeParse({ provider, secret: await readSecret(provider) });
  if (!input.success) throw new CommandError(input.error.issues[0]?.message ?? "This is not a secret.");
  await withControlPlane(async (plane) => {
    const ctx = plane.asSystem("command line");
    const { rotationId } = await enterWebhookSecret(ctx, input.data);
    if (rotationId === null) return console.log("Entered. Events that are signed with it are taken from now on.");
    console.log("Entered. Events that are signed with either secret are taken; the old one ends as follows.");
    await followRotation(plane, rotationId);
    const age = (await listRotations(ctx)).find(({ kind }) => kind === "webhook-secrets")?.inUseSince;
    console.log(`Done. In use is the secret of ${age?.toISOString() ?? "now"}.`);
  });
}

/** `webhooks secret <provider>`. */
export function addWebhooks(program: Command): void {
  const webhooks = program.command("webhooks").description("events from other systems");
  webhooks
    .command("secret")
    .description("enter the secret that a provider signs its events with; one that is in use is exchanged")
    .addArgument(new Argument("<provider>", "whose").choices(WEBHOOK_PROVIDERS))
    .action(enter);
}

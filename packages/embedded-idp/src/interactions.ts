/** The log-in page: who somebody is, and what happens when they would rather not say. */
import { text } from "node:stream/consumers";
import { errors, type KoaContextWithOIDC, type Provider } from "oidc-provider";
import { loginPage, messagePage, type Page } from "./pages.ts";
import { describePerson, type ProviderPerson, ROLES } from "./people.ts";

export function show(
  ctx: Pick<KoaContextWithOIDC, "set" | "status"> & { body: unknown },
  page: Page,
  status = 200,
): void {
  ctx.status = status;
  ctx.set(page.headers);
  ctx.body = page.html;
}

export interface Interactions {
  provider: Provider;
  people: Map<string, ProviderPerson>;
  /** Origins of the clients, at which a log-in ends. */
  clientOrigins: readonly string[];
}

function chosenPerson(form: URLSearchParams, people: Map<string, ProviderPerson>): ProviderPerson | null {
  const known = people.get(form.get("person") ?? "");
  if (known) return known;
  const [name, organisation] = [form.get("name")?.trim(), form.get("organisation")?.trim()];
  if (!name || !organisation || name.length > 80 || organisation.length > 80) return null;
  return describePerson(
    name,
    organisation,
    ROLES.find((role) => role === form.get("role")),
  );
}

/** Answers `/interaction/<uid>`. @returns whether the path was one of these. */
export async function answerInteraction(ctx: KoaContextWithOIDC, options: Interactions): Promise<boolean> {
  const match = /^\/interaction\/([\w-]+)(\/cancel)?$/.exec(ctx.path);
  if (!match) return false;
  const { provider, people, clientOrigins } = options;
  const { req, res } = ctx;
  const address = `/interaction/${match[1]}`;
  try {
    await provider.interactionDetails(req, res);
    if (ctx.method !== "POST") {
      show(ctx, loginPage(address, [...people.values()], clientOrigins));
      return true;
    }
    if (match[2]) {
      const result = { error: "access_denied", error_description: "The person cancelled." };
      ctx.redirect(await provider.interactionResult(req, res, result, { mergeWithLastSubmission: false }));
      ctx.status = 303;
      return true;
    }
    const person = chosenPerson(new URLSearchParams(await text(req)), people);
    if (!person) {
      show(ctx, loginPage(address, [...people.values()], clientOrigins), 400);
      return true;
    }
    people.set(person.subject, person);
    const result = { login: { accountId: person.subject } };
    ctx.redirect(await provider.interactionResult(req, res, result, { mergeWithLastSubmission: false }));
    ctx.status = 303;
  } catch (error) {
    if (!(error instanceof errors.SessionNotFound)) throw error;
    show(ctx, messagePage("This page has expired", "Go back to where you came from and begin again."), 400);
  }
  return true;
}

/** Answering with pages: the frame around them, and forms that come back with what was wrong. */
import { type DesiredState, invalidInput, ServiceError } from "@kombify/agent-contract";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { z } from "zod";
import type { LinkStatus } from "../control-plane/link.ts";
import type { TenantRef } from "../engine/engine.ts";
import type { CallerEnv } from "../stack-api/caller.ts";
import type { FormState } from "./fields.ts";
import { refusedForm, textsOf } from "./form-input.ts";
import { type Page, signedInPage } from "./layout.ts";
import { schemeOf } from "./scheme.ts";

export type ConsoleContext = Context<CallerEnv>;

export type ConsoleParts = {
  document: () => DesiredState | null;
  linkStatus: () => LinkStatus;
  /** A write left a job for this tenant. */
  onJob: (tenant: TenantRef) => void;
};

export type Show = (c: ConsoleContext, page: Page, status?: number) => Promise<Response>;

export function createShow({ document, linkStatus }: ConsoleParts): Show {
  return async (c, page, status = 200) => {
    const { pathname, search } = new URL(c.req.url);
    const caller = c.get("caller");
    const frame = {
      scheme: schemeOf(c),
      nonce: c.get("nonce"),
      here: `${pathname}${search}`,
      portalOrigin: document()?.portalOrigin ?? null,
      caller,
      link: linkStatus(),
    };
    c.header("cache-control", "no-store");
    // The answer to a form cannot be fetched again at its address, so it does not follow the server.
    const isLive = page.isLive === true && status === 200;
    return c.html(signedInPage(frame, caller, { ...page, isLive }), status as ContentfulStatusCode);
  };
}

/** @throws ServiceError INVALID with one entry per field. */
export function check<S extends z.ZodType>(schema: S, input: unknown): z.output<S> {
  const result = schema.safeParse(input);
  if (!result.success) throw invalidInput(result.error);
  return result.data;
}

/**
 * Handles a form. What is wrong with the input leads back to the form, with the values kept and each error at its field.
 * @param work does it and answers, normally with 303 to where the result is seen.
 * @param again shows the form once more.
 */
export async function submit(
  c: ConsoleContext,
  work: (values: Record<string, string>) => Promise<Response>,
  again: (form: FormState, status: number) => Promise<Response>,
): Promise<Response> {
  const values = textsOf(await c.req.parseBody());
  try {
    return await work(values);
  } catch (error) {
    const isInput = error instanceof ServiceError && (error.code === "INVALID" || error.code === "CONFLICT");
    if (!isInput || error.status === 413) throw error;
    return again(refusedForm(values, error), error.status);
  }
}

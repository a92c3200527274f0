/** Batches of old clients: several writes in one request, each about one of the four. */
import { ServiceError } from "@kombify/agent-contract";
import { z } from "zod";
import type { KnownCollection } from "../legacy/dictionary.ts";
import { newBody } from "./bodies.ts";
import { newQuery } from "./queries.ts";
import type { Reachable, Vocabulary } from "./vocabulary.ts";

const batchSchema = z.looseObject({
  requests: z.array(
    z.looseObject({ method: z.string(), url: z.string(), body: z.record(z.string(), z.unknown()).nullish() }),
  ),
});
const URL_PATTERN = /^\/api\/collections\/([^/?]+)\/records(\/[^/?]+)?(\?[\s\S]*)?$/;

export type NewBatch = { content: unknown; about: Reachable[] };

/** Whether there is a record, which decides what an upsert does. */
export type Exists = (of: KnownCollection, id: string) => Promise<boolean>;

/** @throws ServiceError NOT_FOUND for a collection that is none of the four, INVALID for what is no batch. */
export async function newBatch(content: unknown, words: Vocabulary, exists: Exists): Promise<NewBatch> {
  const batch = batchSchema.safeParse(content);
  if (!batch.success) throw new ServiceError("INVALID", "A batch has requests, each with a method and a url.");
  const about: Reachable[] = [];
  const requests = [];
  for (const { body, ...request } of batch.data.requests) {
    const [, name = "", id = "", query = ""] = URL_PATTERN.exec(request.url) ?? [];
    const of = words.find(decodeURIComponent(name));
    if (!of) throw new ServiceError("NOT_FOUND", "Missing collection context.");
    about.push(of);
    const method = request.method.toUpperCase();
    const known = method === "PUT" && typeof body?.id === "string" && (await exists(of.known, body.id));
    const kind = method === "PATCH" || known ? "update" : "create";
    requests.push({
      ...request,
      url: `/api/collections/${of.known.id}/records${id}${newQuery(query, of.known, words.names)}`,
      ...(method === "DELETE" ? {} : { body: newBody(kind, body ?? {}, of) }),
    });
  }
  return { content: { ...batch.data, requests }, about };
}

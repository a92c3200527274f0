/** Requests of old clients, each translated on its way to PocketBase and its answer on the way back. */
import { ServiceError } from "@kombify/agent-contract";
import type { ShellEnv } from "@kombify/server";
import type { Context } from "hono";
import { oldAnswer, oldBatchAnswer } from "./answers.ts";
import { type Exists, type NewBatch, newBatch } from "./batches.ts";
import { completion, type Kind, newBody, newKey, newValue } from "./bodies.ts";
import { boundaryOf, rewriteMultipart } from "./multipart.ts";
import { newQuery } from "./queries.ts";
import { newSubscriptions, oldEvents, type Subscriptions } from "./realtime.ts";
import type { Upstream, UpstreamRequest } from "./upstream.ts";
import type { Reachable, Vocabulary } from "./vocabulary.ts";

export type AliasContext = Context<ShellEnv>;
type Body = UpstreamRequest["body"];
type Json = Record<string, unknown>;
const PAYLOAD = "@jsonPayload";

const typeOf = (c: AliasContext): string => c.req.header("content-type") ?? "";
const isJsonAnswer = (answer: Response): boolean =>
  /^application\/json\b/i.test(answer.headers.get("content-type") ?? "");

function parsed(text: string): Json {
  try {
    return (JSON.parse(text || "{}") ?? {}) as Json;
  } catch (cause) {
    throw new ServiceError("INVALID", "The body is not valid JSON.", { cause });
  }
}

async function translated(answer: Response, translate: (content: unknown) => unknown): Promise<Response> {
  if (!isJsonAnswer(answer) || !answer.body) return answer;
  const headers = new Headers(answer.headers);
  headers.delete("content-length");
  return new Response(JSON.stringify(translate(await answer.json())), { status: answer.status, headers });
}

export function createForward(upstream: Upstream, exists: Exists) {
  const open: Subscriptions = new Map();
  const send = (c: AliasContext, path: string, body: Body = null): Promise<Response> =>
    upstream.send({
      method: c.req.method,
      path,
      headers: c.req.raw.headers as Headers,
      body,
      signal: c.req.raw.signal,
      clientAddress: c.get("clientAddress"),
    });
  const search = (c: AliasContext): string => new URL(c.req.url).search;

  /** The body of a write of one record. */
  const recordBody = async (c: AliasContext, kind: Kind, of: Reachable): Promise<Body> => {
    const type = typeOf(c);
    if (/^multipart\/form-data\b/i.test(type)) {
      const said: Json = {};
      const payload = (content: string): string => {
        const fields = parsed(content);
        const entries = Object.entries(fields).map(([key, value]) => [
          newKey(key, of),
          newValue(newKey(key, of), value, of),
        ]);
        const own = Object.fromEntries(entries.filter(([name]) => !of.added.has(String(name))));
        Object.assign(said, own);
        return JSON.stringify(own);
      };
      const text = (name: string) => (value: string) => {
        said[name] = value;
        return String(newValue(name, value, of));
      };
      const rewrite = rewriteMultipart(boundaryOf(type), {
        rename: (name) => {
          const now = newKey(name, of);
          // What old clients cannot know gets a name that no field has.
          return of.added.has(now) ? `@${now}` : now;
        },
        rewrite: (name) => (name === PAYLOAD ? payload : text(name)),
        complete: () => completion(kind, said, of) as Record<string, string>,
      });
      return c.req.raw.body?.pipeThrough(rewrite) ?? null;
    }
    return JSON.stringify(newBody(kind, parsed(await c.req.text()), of));
  };

  const batchBody = async (c: AliasContext, words: Vocabulary, done: (batch: NewBatch) => void): Promise<Body> => {
    const type = typeOf(c);
    const rewriteText = async (text: string): Promise<string> => {
      const batch = await newBatch(parsed(text), words, exists);
      done(batch);
      return JSON.stringify(batch.content);
    };
    if (!/^multipart\/form-data\b/i.test(type)) return rewriteText(await c.req.text());
    const rewrite = rewriteMultipart(boundaryOf(type), {
      rename: (name) => name,
      rewrite: (name) => (name === PAYLOAD ? rewriteText : null),
      complete: () => ({}),
    });
    return c.req.raw.body?.pipeThrough(rewrite) ?? null;
  };

  return {
    /** As it is: what names no collection. */
    plain: (c: AliasContext): Promise<Response> =>
      send(c, `${c.req.path}${search(c)}`, c.req.method === "GET" || c.req.method === "HEAD" ? null : c.req.raw.body),
    async records(c: AliasContext, of: Reachable, words: Vocabulary, id?: string): Promise<Response> {
      const { method } = c.req;
      const hasBody = method === "POST" || method === "PATCH";
      const body = hasBody ? await recordBody(c, method === "POST" ? "create" : "update", of) : null;
      const path = `/api/collections/${of.known.id}/records${id === undefined ? "" : `/${encodeURIComponent(id)}`}`;
      const answer = await send(c, `${path}${newQuery(search(c), of.known, words.names)}`, body);
      return translated(answer, (content) => oldAnswer(content, of.known, words));
    },
    /** Logging in, refreshing, resetting a password, and the like. */
    async auth(c: AliasContext, of: Reachable, words: Vocabulary, action: string): Promise<Response> {
      const path = `/api/collections/${of.known.id}/${action}${newQuery(search(c), of.known, words.names)}`;
      const answer = await send(c, path, c.req.method === "GET" ? null : c.req.raw.body);
      return translated(answer, (content) => oldAnswer(content, of.known, words));
    },
    file: (c: AliasContext, of: Reachable, id: string, name: string): Promise<Response> =>
      send(c, `/api/files/${of.known.id}/${encodeURIComponent(id)}/${encodeURIComponent(name)}${search(c)}`),
    /** @param onAbout told which collections the batch is about. */
    async batch(c: AliasContext, words: Vocabulary, onAbout: (about: readonly Reachable[]) => void): Promise<Response> {
      let about: readonly Reachable[] = [];
      const body = await batchBody(c, words, (batch) => {
        about = batch.about;
        onAbout(about);
      });
      const answer = await send(c, "/api/batch", body);
      return translated(answer, (content) =>
        oldBatchAnswer(
          content,
          about.map(({ known }) => known),
          words,
        ),
      );
    },
    async events(c: AliasContext, words: Vocabulary): Promise<Response> {
      const answer = await send(c, `/api/realtime${search(c)}`);
      if (!answer.body || !answer.headers.get("content-type")?.startsWith("text/event-stream")) return answer;
      const headers = new Headers(answer.headers);
      headers.set("cache-control", "no-cache, no-transform");
      headers.set("x-accel-buffering", "no");
      return new Response(answer.body.pipeThrough(oldEvents(words, open, c.req.raw.signal)), { headers });
    },
    async subscribe(c: AliasContext, words: Vocabulary): Promise<Response> {
      const content = newSubscriptions(parsed(await c.req.text()), words, open);
      return send(c, "/api/realtime", JSON.stringify(content));
    },
  };
}

/** Subscriptions of old clients (https://pocketbase.io/docs/api-realtime): topics there, events back under the same topics. */
import { z } from "zod";
import type { KnownCollection } from "../legacy/dictionary.ts";
import { isObject, oldAnswer } from "./answers.ts";
import { newParameter } from "./queries.ts";
import type { Vocabulary } from "./vocabulary.ts";

/** A topic of PocketBase's, whose it is, and the topics under which the client asked for it. */
type Topic = { asked: Set<string>; about: KnownCollection | null };
/** What each open stream has asked for, by PocketBase's id of the client. */
export type Subscriptions = Map<string, Map<string, Topic>>;

const subscribeSchema = z.looseObject({ clientId: z.string(), subscriptions: z.array(z.string()).nullish() });
const optionsSchema = z.looseObject({ query: z.record(z.string(), z.unknown()).optional() });
/** Carries the answer of a provider to a client that logs in with it. */
const LOGIN_TOPIC = "@oauth2";

function newOptions(search: string, about: KnownCollection, { names }: Vocabulary): string {
  const query = new URLSearchParams(search);
  const parsed = optionsSchema.safeParse(parseJson(query.get("options") ?? ""));
  if (!parsed.success) return search === "" ? "" : `?${search}`;
  const translated = Object.entries(parsed.data.query ?? {}).map(([name, value]) => [
    name,
    typeof value === "string" ? newParameter(name, value, about, names) : value,
  ]);
  return `?options=${encodeURIComponent(JSON.stringify({ ...parsed.data, query: Object.fromEntries(translated) }))}`;
}

/** `stacks/*?options=...` as PocketBase has it now; null for a topic that is none of the four's. */
function newTopic(topic: string, words: Vocabulary): { topic: string; about: KnownCollection | null } | null {
  if (topic === LOGIN_TOPIC) return { topic, about: null };
  const [path = "", ...search] = topic.split("?");
  const [name = "", record = ""] = path.split("/");
  const of = words.find(name);
  if (!of || !record) return null;
  return { topic: `${of.known.id}/${record}${newOptions(search.join("?"), of.known, words)}`, about: of.known };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/**
 * The request that sets subscriptions. Topics of other collections are left out, as PocketBase leaves out those that do
 * not exist.
 */
export function newSubscriptions(content: unknown, words: Vocabulary, open: Subscriptions): unknown {
  const parsed = subscribeSchema.safeParse(content);
  if (!parsed.success) return content;
  const { clientId, subscriptions } = parsed.data;
  const topics = open.get(clientId);
  topics?.clear();
  const wanted = new Set<string>();
  for (const asked of subscriptions ?? []) {
    const found = newTopic(asked, words);
    if (!found) continue;
    wanted.add(found.topic);
    const known = topics?.get(found.topic);
    if (known) known.asked.add(asked);
    else topics?.set(found.topic, { asked: new Set([asked]), about: found.about });
  }
  return { ...parsed.data, subscriptions: [...wanted] };
}

type Block = { event: string; data: string; lines: string[] };
function readBlock(text: string): Block {
  const lines = text.split("\n");
  const valuesOf = (field: string) =>
    lines.filter((line) => line.startsWith(`${field}:`)).map((line) => line.slice(field.length + 1).replace(/^ /, ""));
  return { event: valuesOf("event")[0] ?? "", data: valuesOf("data").join("\n"), lines };
}
const writeBlock = ({ lines }: Block, event: string, data: string): string => {
  const others = lines.filter((line) => !/^(event|data):/.test(line) && line !== "");
  return [...others, `event:${event}`, ...data.split("\n").map((line) => `data:${line}`), "", ""].join("\n");
};

/**
 * PocketBase's stream of events in the words of an old client.
 * @param gone aborted when the client has left.
 */
export function oldEvents(
  words: Vocabulary,
  open: Subscriptions,
  gone: AbortSignal,
): TransformStream<Uint8Array, Uint8Array> {
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  let rest = "";
  let clientId: string | null = null;
  const translate = (text: string): string => {
    const block = readBlock(text);
    if (block.event === "PB_CONNECT") {
      const data = parseJson(block.data);
      clientId = isObject(data) ? String(data.clientId) : null;
      if (clientId !== null) open.set(clientId, new Map());
      return `${text}\n\n`;
    }
    const topic = clientId === null ? undefined : open.get(clientId)?.get(block.event);
    if (!topic) return "";
    const data = topic.about ? JSON.stringify(oldAnswer(parseJson(block.data), topic.about, words)) : block.data;
    return [...topic.asked].map((asked) => writeBlock(block, asked, data)).join("");
  };
  const forget = (): void => {
    if (clientId !== null) open.delete(clientId);
  };
  gone.addEventListener("abort", forget, { once: true });
  return new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      rest += decoder.decode(chunk, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const text = translate(block);
        if (text !== "") controller.enqueue(encoder.encode(text));
      }
    },
    flush: forget,
  });
}

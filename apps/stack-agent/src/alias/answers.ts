/** PocketBase's answers in the words of old clients: old names, and nothing that they do not know. */
import type { KnownCollection } from "../legacy/dictionary.ts";
import { step, TO_OLD } from "../legacy/paths.ts";
import type { Vocabulary } from "./vocabulary.ts";

type Json = Record<string, unknown>;
export const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function expanded(value: unknown, at: KnownCollection | null, words: Vocabulary): unknown {
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => {
      const { text, next } = step(key, at, words.names, TO_OLD);
      const records = Array.isArray(entry)
        ? entry.map((one) => oldRecord(one, next, words))
        : oldRecord(entry, next, words);
      return [text, records];
    }),
  );
}

/** A record as the old Stack would have given it, with the records that are expanded in it. */
export function oldRecord(record: unknown, at: KnownCollection | null, words: Vocabulary): unknown {
  if (!isObject(record) || !at) return record;
  const added = words.of(at)?.added;
  const entries = Object.entries(record).flatMap(([key, value]): Array<[string, unknown]> => {
    if (key === "collectionName") return [[key, value === at.names.new ? at.names.old : value]];
    if (key === "expand") return [[key, expanded(value, at, words)]];
    if (added?.has(key)) return [];
    const field = at.fields.find(({ names }) => names.new === key);
    const word = typeof value === "string" ? field?.words?.back.get(value) : undefined;
    return [[field?.names.old ?? key, word ?? value]];
  });
  return Object.fromEntries(entries);
}

/** A refusal of PocketBase: `data` names fields. */
function oldRefusal(answer: Json, at: KnownCollection | null): Json {
  if (!isObject(answer.data) || !at) return answer;
  const data = Object.entries(answer.data).map(([key, value]) => [
    at.fields.find(({ names }) => names.new === key)?.names.old ?? key,
    value,
  ]);
  return { ...answer, data: Object.fromEntries(data) };
}

/** An answer about a record, a list of them, or somebody who logged in. */
export function oldAnswer(answer: unknown, at: KnownCollection, words: Vocabulary): unknown {
  if (!isObject(answer)) return answer;
  if (Array.isArray(answer.items) && "page" in answer)
    return { ...answer, items: answer.items.map((item) => oldRecord(item, at, words)) };
  if ("record" in answer && ("token" in answer || "action" in answer))
    return { ...answer, record: oldRecord(answer.record, at, words) };
  if (typeof answer.status === "number" && "data" in answer && "message" in answer) return oldRefusal(answer, at);
  return oldRecord(answer, at, words);
}

/** @param bases what each request of the batch was about. */
export function oldBatchAnswer(answer: unknown, bases: ReadonlyArray<KnownCollection>, words: Vocabulary): unknown {
  if (Array.isArray(answer))
    return answer.map((one, i) => {
      const at = bases[i];
      return isObject(one) && at ? { ...one, body: oldAnswer(one.body, at, words) } : one;
    });
  if (!isObject(answer) || !isObject(answer.data) || !isObject(answer.data.requests)) return answer;
  const requests = Object.entries(answer.data.requests).map(([index, one]) => {
    const at = bases[Number(index)] ?? null;
    return [index, isObject(one) && isObject(one.response) ? { ...one, response: oldRefusal(one.response, at) } : one];
  });
  return { ...answer, data: { ...answer.data, requests: Object.fromEntries(requests) } };
}

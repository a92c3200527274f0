/** EventSource (https://html.spec.whatwg.org/multipage/server-sent-events.html) as PocketBase's SDK needs it, which Node has behind a flag only. */
import { createParser } from "eventsource-parser";

class FetchEventSource extends EventTarget {
  onerror: ((error: unknown) => void) | null = null;
  readonly #abort = new AbortController();
  constructor(url: string) {
    super();
    this.#read(url).catch((error: unknown) => this.#abort.signal.aborted || this.onerror?.(error));
  }
  async #read(url: string): Promise<void> {
    const answer = await fetch(url, { headers: { accept: "text/event-stream" }, signal: this.#abort.signal });
    if (!answer.ok || !answer.body) throw new Error(`events: ${answer.status}`);
    const parser = createParser({
      onEvent: ({ event, data, id }) =>
        void this.dispatchEvent(new MessageEvent(event ?? "message", { data, lastEventId: id ?? "" })),
    });
    for await (const text of answer.body.pipeThrough(new TextDecoderStream())) parser.feed(text);
    throw new Error("events: the stream ended");
  }
  close(): void {
    this.#abort.abort();
  }
}
Object.assign(globalThis, { EventSource: FetchEventSource });

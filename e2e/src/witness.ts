/** What a browser did and complained of, collected for a whole visit. */
import type { BrowserContext, Request } from "playwright-core";

export type Witness = {
  /** Everything that was asked for: address and headers. */
  requests: Request[];
  /** Errors of scripts and of the console (refusals by the content security policy and failed hydration among them). */
  faults: string[];
  /** Status codes of 400 and more that pages were answered with. */
  refusals: { status: number; url: string }[];
};

// The console repeats every refused request as an error. Those are in `refusals`, where a journey expects them or not.
const REFUSED_REQUEST = /^Failed to load resource: the server responded with a status of/;
// A page that was prefetched and not opened.
const UNUSED_PRELOAD = /was preloaded using link preload but not used/;
// An event stream that the page left or that the server ended.
const ENDED_STREAM = /net::ERR_(INCOMPLETE_CHUNKED_ENCODING|CONNECTION_REFUSED|EMPTY_RESPONSE|CONNECTION_RESET)/;

// A load that the page itself broke off for a newer one; Remix reports it when the answer was being read.
const REPLACED_LOAD = /^AbortError: signal is aborted without reason/;

const EXPECTED = [REFUSED_REQUEST, ENDED_STREAM, REPLACED_LOAD, UNUSED_PRELOAD];

/** Starts to collect. */
export function watchContext(context: BrowserContext): Witness {
  const witness: Witness = { requests: [], faults: [], refusals: [] };
  context.on("request", (request) => witness.requests.push(request));
  context.on("response", (response) => {
    if (response.status() >= 400) witness.refusals.push({ status: response.status(), url: response.url() });
  });
  context.on("weberror", (error) =>
    witness.faults.push(`${error.error().stack ?? error.error()} (${error.page()?.url() ?? "no page"})`),
  );
  context.on("console", (message) => {
    const text = message.text();
    if (message.type() !== "error" && message.type() !== "warning") return;
    if (EXPECTED.some((expected) => expected.test(text))) return;
    witness.faults.push(`${message.type()}: ${text} (${message.page()?.url() ?? "no page"})`);
  });
  return witness;
}

/** Every address that was asked for, and every address that was named as the one it came from. */
export async function addressesIn(witness: Witness): Promise<string[]> {
  const each = witness.requests.map(async (request) => {
    const headers = await request.allHeaders();
    return [request.url(), headers.referer ?? ""];
  });
  return (await Promise.all(each)).flat().filter((address) => address !== "");
}

/** What `cloud-app.ts` hands to every loader and action. Types only: the API itself must not be bundled into pages. */
import type { Caller } from "@kombify/api";
import type { Logger } from "@kombify/server";

declare module "@remix-run/node" {
  interface AppLoadContext {
    /** The procedures, as the person who sent this request. Cookies that they set reach the browser by themselves. */
    api: Caller;
    /** The same for a form that may be sent twice: one key makes one thing. */
    apiWith: (options: { idempotencyKey: string }) => Caller;
    nonce: string;
    requestId: string;
    log: Logger;
    /** Where browsers reach this portal. */
    cloudUrl: string;
  }
  interface Future {
    v3_singleFetch: true;
  }
}

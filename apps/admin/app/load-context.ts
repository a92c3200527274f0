/** What `admin-app.ts` hands to every loader and action. Types only: the API itself must not be bundled into pages. */
import type { Caller } from "@kombify/api";
import type { Logger } from "@kombify/server";

declare module "@remix-run/node" {
  interface AppLoadContext {
    /** The procedures, as the staff member who sent this request. Cookies that they set reach the browser. */
    api: Caller;
    nonce: string;
    requestId: string;
    log: Logger;
  }
  interface Future {
    v3_singleFetch: true;
  }
}

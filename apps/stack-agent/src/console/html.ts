import { html } from "hono/html";

/** A piece of a page. Everything that is put into a template is escaped unless it is such a piece itself. */
export type Html = ReturnType<typeof html>;
export { html };

/** Nothing, where a piece may be left out. */
export const nothing: Html = html``;

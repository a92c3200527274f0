/** What runs first in the browser; the same for both portals. */
import "@kombify/portal/entry-client";

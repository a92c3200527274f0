/** Icons as drawn by Tabler (https://tabler.io/icons, MIT): 24 by 24, stroke 2. Words always stand beside them. */
import { raw } from "hono/html";

const PATHS = {
  check: '<circle cx="12" cy="12" r="9"/><path d="m9 12 2 2 4-4"/>',
  busy: '<path d="M12 6V3m4.25 4.75L18.4 5.6M18 12h3m-4.75 4.25 2.15 2.15M12 18v3m-4.25-4.75L5.6 18.4M6 12H3m4.75-4.25L5.6 5.6"/>',
  clock: '<circle cx="12" cy="12" r="9"/><path d="M12 7v5l3 3"/>',
  alert:
    '<path d="M12 9v4m0 3v.01M10.4 3.6 2.3 17.1A1.9 1.9 0 0 0 3.9 20h16.2a1.9 1.9 0 0 0 1.6-2.9L13.6 3.6a1.9 1.9 0 0 0-3.2 0z"/>',
  dash: '<path d="M8.6 3.7a9 9 0 0 0-2 1.1m-2.5 3a9 9 0 0 0-1 2.1m-.1 4a9 9 0 0 0 .9 2.2m2.3 2.9a9 9 0 0 0 2 1.2m3.8.8a9 9 0 0 0 2.3-.3m3.2-1.7a9 9 0 0 0 1.6-1.8m1.3-3.7a9 9 0 0 0 0-2.6m-1.4-3.5a9 9 0 0 0-1.6-1.7m-3.3-1.6A9 9 0 0 0 11 3"/>',
  ban: '<circle cx="12" cy="12" r="9"/><path d="m5.7 5.7 12.6 12.6"/>',
  stop: '<circle cx="12" cy="12" r="9"/><path d="M10 9v6m4-6v6"/>',
  plus: '<path d="M12 5v14M5 12h14"/>',
  back: '<path d="M5 12h14M5 12l6 6m-6-6 6-6"/>',
  out: '<path d="M14 8V6a2 2 0 0 0-2-2H5a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h7a2 2 0 0 0 2-2v-2M9 12h12l-3-3m0 6 3-3"/>',
  sun: '<circle cx="12" cy="12" r="4"/><path d="M3 12h1m8-9v1m8 8h1m-9 8v1M5.6 5.6l.7.7m12.1-.7-.7.7m0 11.4.7.7m-12.1-.7-.7.7"/>',
  moon: '<path d="M12 3h.4a7.5 7.5 0 0 0 7.9 12.4A9 9 0 1 1 12 3z"/>',
  edit: '<path d="M7 7H6a2 2 0 0 0-2 2v9a2 2 0 0 0 2 2h9a2 2 0 0 0 2-2v-1"/><path d="M20.4 6.6a2.1 2.1 0 0 0-3-3L9 12v3h3zM16 5l3 3"/>',
  stack: '<path d="M12 4 4 8l8 4 8-4zM4 12l8 4 8-4M4 16l8 4 8-4"/>',
  node: '<rect x="3" y="4" width="18" height="7" rx="2"/><rect x="3" y="13" width="18" height="7" rx="2"/><path d="M7 7.5v.01M7 16.5v.01"/>',
  job: '<path d="M3.5 5.5 5 7l2.5-2.5m-4 7L5 13l2.5-2.5m-4 7L5 19l2.5-2.5M11 6h9m-9 6h9m-9 6h9"/>',
  flag: '<path d="M5 21V4c4-3 9 3 14 0v10c-5 3-10-3-14 0"/>',
  next: '<path d="m9 6 6 6-6 6"/>',
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration for eyes; screen readers get the words beside it. */
export const icon = (name: IconName) =>
  raw(
    `<svg class="icon" width="18" height="18" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${PATHS[name]}</svg>`,
  );

/** The mark of kombify: a roof over a rack. */
export const logoMark = raw(
  `<svg width="28" height="28" viewBox="0 0 32 32" aria-hidden="true" focusable="false"><rect width="32" height="32" rx="8.5" fill="#5b5bd6"/><path d="M7.5 14.25 16 7.25l8.5 7" fill="none" stroke="#fff" stroke-width="2.6" stroke-linecap="round" stroke-linejoin="round"/><rect x="10" y="16" width="12" height="3.4" rx="1.7" fill="#fff"/><rect x="10" y="21.6" width="12" height="3.4" rx="1.7" fill="#fff" opacity=".72"/><circle cx="19.9" cy="17.7" r=".95" fill="#5b5bd6"/><circle cx="19.9" cy="23.3" r=".95" fill="#5b5bd6"/></svg>`,
);

/** One thing that was looked at. `broken` makes the doctor exit with 1; `advice` says what to do. */
export type Finding = { name: string; state: "ok" | "warning" | "broken"; detail: string; advice?: string };

export const ok = (name: string, detail: string): Finding => ({ name, state: "ok", detail });
export const warning = (name: string, detail: string, advice: string): Finding => ({
  name,
  state: "warning",
  detail,
  advice,
});
export const broken = (name: string, detail: string, advice: string): Finding => ({
  name,
  state: "broken",
  detail,
  advice,
});

/** What the buttons of the editor do to a draft. */
import { type Draft, emptyOutcome, nextId } from "./draft.ts";

const moved = <T extends { id: string }>(list: readonly T[], id: string, by: -1 | 1): T[] => {
  const from = list.findIndex((each) => each.id === id);
  const to = from + by;
  if (from < 0 || to < 0 || to >= list.length) return [...list];
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
};
const without = <T extends { id: string }>(list: readonly T[], id: string): T[] =>
  list.filter((each) => each.id !== id);

/** @param intent as on the button: `add-rule`, `up:r2`. Anything else leaves the draft as it is. */
export function editDraft(draft: Draft, intent: string): Draft {
  const [verb = "", id = ""] = intent.split(":");
  const { rules, variants, prerequisites } = draft;
  switch (verb) {
    case "add-rule": {
      const give = emptyOutcome(variants.find((each) => each.id !== draft.defaultVariant)?.id ?? "");
      return { ...draft, rules: [...rules, { id: nextId("r", rules), when: null, give }] };
    }
    case "remove-rule":
      return { ...draft, rules: without(rules, id) };
    case "up":
      return { ...draft, rules: moved(rules, id, -1) };
    case "down":
      return { ...draft, rules: moved(rules, id, 1) };
    case "add-variant":
      return { ...draft, variants: [...variants, { id: nextId("v", variants), name: "", value: "" }] };
    case "remove-variant":
      return withoutVariant(draft, id);
    case "add-prerequisite":
      return {
        ...draft,
        prerequisites: [...prerequisites, { id: nextId("p", prerequisites), flag: "", variants: "on" }],
      };
    case "remove-prerequisite":
      return { ...draft, prerequisites: without(prerequisites, id) };
    default:
      return draft;
  }
}

/** Whatever gave the variant has to be chosen anew; saving says so where it was forgotten. */
function withoutVariant(draft: Draft, id: string): Draft {
  const kept = (chosen: string) => (chosen === id ? "" : chosen);
  const outcome = (give: Draft["rules"][number]["give"]) => {
    const { [id]: _, ...weights } = give.weights;
    return { ...give, variant: kept(give.variant), weights };
  };
  return {
    ...draft,
    variants: without(draft.variants, id),
    defaultVariant: kept(draft.defaultVariant),
    offVariant: kept(draft.offVariant),
    rules: draft.rules.map((rule) => ({ ...rule, give: outcome(rule.give) })),
    otherwise: draft.otherwise && outcome(draft.otherwise),
  };
}

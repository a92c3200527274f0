/** From rules to JSON and back. */

import { parseTargeting } from "@kombify/flags/rules";
import { draftOf } from "./definition-draft.ts";
import type { Draft } from "./draft.ts";
import { definitionOf } from "./draft-definition.ts";
import type { Problem } from "./read-draft.ts";

type Changed = { draft: Draft; problems: Problem[] };

export function asJson(draft: Draft): Changed {
  const { part, problems } = definitionOf({ ...draft, mode: "rules" });
  return { draft: { ...draft, mode: "json", targeting: JSON.stringify(part.targeting, null, 2) }, problems };
}

export function asRules(draft: Draft): Changed {
  const { part, problems } = definitionOf({ ...draft, mode: "json" });
  if (problems.length > 0) return { draft, problems };
  if (parseTargeting(part.targeting) === null) {
    const message = "This targeting is more than rules can say. It is kept as JSON, and works as it is.";
    return { draft, problems: [{ path: "targeting", message }] };
  }
  return {
    draft: { ...draftOf({ type: draft.type, version: draft.version, definition: part }), mode: "rules" },
    problems,
  };
}

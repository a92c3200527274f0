import type { Condition } from "@kombify/flags/rules";
import { AppProvider } from "@kombify/ui";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { ConditionEditor } from "./condition-editor.tsx";
import { formOf } from "./condition-form.ts";
import { readCondition } from "./read-condition.ts";

const compare = (attribute: string, operator: string, value: unknown) =>
  ({ kind: "compare", attribute, operator, value }) as Condition;
const not = (condition: Condition): Condition => ({ kind: "not", condition });
const group = (kind: "all" | "any", ...conditions: Condition[]): Condition => ({ kind, conditions });

const pro = compare("plan", "is", "pro");
const beta: Condition = { kind: "segment", segment: "beta-testers" };

const render = (props: Partial<Parameters<typeof ConditionEditor>[0]>) =>
  renderToStaticMarkup(
    createElement(
      AppProvider,
      { nonce: "n0nce", children: null },
      createElement(ConditionEditor, { prefix: "when", value: null, ...props }),
    ),
  );

const decode = (text: string) =>
  text.replaceAll("&quot;", '"').replaceAll("&gt;", ">").replaceAll("&lt;", "<").replaceAll("&amp;", "&");

/** What a browser sends of the rendered fields; without script those in `noscript` are among them. */
function sentBy(html: string, hasScript: boolean): FormData {
  const sent = new FormData();
  const shown = hasScript ? html.replace(/<noscript>.*?<\/noscript>/gs, "") : html;
  const fields = /<input[^>]*name="([^"]+)"[^>]*>|<select[^>]*name="([^"]+)"[^>]*>(.*?)<\/select>/gs;
  for (const [tag, inputName, selectName, options] of shown.matchAll(fields))
    if (inputName) sent.append(inputName, decode(/value="([^"]*)"/.exec(tag)?.[1] ?? ""));
    else
      sent.append(
        selectName!,
        decode((/<option[^>]*value="([^"]*)"[^>]*selected/.exec(options!) ?? /value="([^"]*)"/.exec(options!))![1]!),
      );
  return sent;
}

test.each([
  [null],
  [pro],
  [compare("plan", "is", "5")],
  [compare("seats", "is", 5)],
  [compare("beta", "is", true)],
  [compare("plan", "one of", ["pro", "a, b", "5", 5, 'say "hi"'])],
  [compare("version", "matches version", ">=1.4.0")],
  [compare("seats", "at least", 2.5)],
  [compare("userId", "is not set", null)],
  [compare("region", "contains", '"quoted')],
  [not(compare("region", "starts with", "12"))],
  [beta],
  [not(beta)],
  [not(pro)],
  [not(not(pro))],
  [group("all", pro, beta, compare("region", "is", "berlin"))],
  [not(group("any", pro, beta))],
  [not(group("all", pro, beta))],
  [group("any", pro, group("all", beta, compare("seats", "less than", 3)), not(group("all", beta, pro)))],
  [group("all", not(compare("plan", "one of", ["free"])), beta)],
])("a condition is sent as it was shown, with and without script: %j", (condition) => {
  const html = render({ value: condition, segments: ["beta-testers", "staff"] });
  for (const hasScript of [true, false])
    expect(readCondition(sentBy(html, hasScript), "when")).toMatchObject({ condition, problems: [], logic: undefined });
});

test.each([[group("all", group("any", group("all", pro, beta), pro), beta)], [compare("seats", "at least", "many")]])(
  "what lines cannot say is shown as JSON and never bent: %j",
  (condition) => {
    expect(formOf(condition)).toBeNull();
    expect(render({ value: condition })).toContain('name="when.json"');
  },
);

test("a line that says half is refused beside its field, and what was typed is shown again", () => {
  const sent = new FormData();
  const add = (attribute: string, operator: string, value: string) => {
    for (const [name, text] of Object.entries({ group: "", attribute, operator, value }))
      sent.append(`when.${name}`, text);
  };
  add("", "is", "");
  add("plan", "is", "");
  add("", "is", "pro");
  add("version", "version", "1.4");
  add("seats", "at-least", "many");
  const read = readCondition(sent, "when");
  expect(read.problems.map(({ path }) => path)).toEqual([
    "when.0.value",
    "when.1.attribute",
    "when.2.value",
    "when.3.value",
  ]);
  const html = render({ typed: read.typed, errors: read.problems });
  expect(html).toContain("Enter a whole version and what to compare by, such as &gt;=1.4.0.");
  expect(html).toMatch(/id="when\.3\.value"[^>]*value="many"/);
});

test("JSON is taken as an object, and refused as anything else", () => {
  const read = (json: string) => {
    const sent = new FormData();
    sent.set("when.json", json);
    return readCondition(sent, "when");
  };
  expect(read('{"==":[{"var":"plan"},"pro"]}')).toMatchObject({
    logic: { "==": [{ var: "plan" }, "pro"] },
    problems: [],
  });
  expect(read("[1]").problems).toMatchObject([{ path: "when.json" }]);
  expect(read("{").problems).toMatchObject([{ path: "when.json" }]);
});

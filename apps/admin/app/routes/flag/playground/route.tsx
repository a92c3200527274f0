import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Alert, Stack, Text } from "@mantine/core";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs } from "@remix-run/node";
import { Form, useActionData, useLoaderData } from "@remix-run/react";
import { IconPencil } from "@tabler/icons-react";
import { SubmitButton } from "../../../forms/submit-button.tsx";
import { useLastAnswer } from "../../../forms/use-last-answer.ts";
import { Sections } from "../../../frame/section.tsx";
import { flagKeyOf } from "../flag-key.ts";
import { definitionOf } from "../rules/draft-definition.ts";
import { readDraft } from "../rules/read-draft.ts";
import { useFlag } from "../use-flag.ts";
import { type Answer, ask, EMPTY_QUESTION, questionFrom } from "./ask.ts";
import { QuestionForm } from "./question-form.tsx";
import { ResultPanel } from "./result-panel.tsx";

export async function loader({ request, params, context }: LoaderFunctionArgs): Promise<Answer> {
  const query = new URL(request.url).searchParams;
  const question = questionFrom((name) => query.get(name) ?? "");
  if (query.size === 0 || query.has("ask")) return { question, result: null, problem: null };
  return await pageAnswer(request, context.requestId, ask(context.api, flagKeyOf(params), question));
}

/** Tries a draft that is not saved: as the editor sends it, or as it came from here. It is too long for an address. */
export async function action({ request, params, context }: ActionFunctionArgs) {
  const form = await request.formData();
  const key = flagKeyOf(params);
  try {
    const { definition, version } = await draftDefinition(context.api, key, form);
    if (definition === null)
      return data(
        { refused: "The draft cannot be tried before it is whole. Go back and review it: that says what is missing." },
        { status: 400 },
      );
    const question = form.has("definition") ? questionFrom((name) => String(form.get(name) ?? "")) : EMPTY_QUESTION;
    const answer = await ask(context.api, key, question, definition);
    return { draft: JSON.stringify(definition), version, answer };
  } catch (error) {
    return refusedForm(error, textFields(form), context.requestId, { request });
  }
}

type Api = Parameters<typeof ask>[0];
type Definition = NonNullable<Parameters<typeof ask>[3]>;

async function draftDefinition(api: Api, key: string, form: FormData) {
  const version = Number(form.get("version")) || 0;
  const sent = form.get("definition");
  if (typeof sent === "string") return { definition: JSON.parse(sent) as Definition, version };
  const { draft, problems } = readDraft(form);
  const { part, problems: more } = definitionOf(draft);
  if (problems.length + more.length > 0) return { definition: null, version };
  const { definition } = await api.flags.get({ key });
  return { definition: { ...definition, ...part } as Definition, version };
}

export default function Playground() {
  const loaded = useLoaderData<typeof loader>();
  const sent = useLastAnswer(useActionData<typeof action>());
  const { flag } = useFlag();
  const draft = sent && "draft" in sent ? sent : null;
  const { question, result, problem } = draft?.answer ?? loaded;
  const refused =
    sent && "refused" in sent ? sent.refused : sent && "problem" in sent ? sent.problem.message : undefined;
  return (
    <Stack gap="md">
      <FormErrorSummary
        message={refused ?? problem?.message}
        fields={problem?.fields}
        labels={{ tenant: "Homelab", plan: "Plan", context: "More that is sent" }}
      />
      {draft ? <DraftBanner flagKey={flag.key} draft={draft.draft} version={draft.version} /> : null}
      <Sections as="halves">
        <QuestionForm
          // Another question in the address is shown in the fields.
          key={JSON.stringify(question)}
          flagKey={flag.key}
          question={question}
          draft={draft}
          errors={problem?.fields ?? []}
        />
        <ResultPanel result={result} variants={Object.keys(flag.definition.variants)} />
      </Sections>
    </Stack>
  );
}

function DraftBanner({ flagKey, draft, version }: { flagKey: string; draft: string; version: number }) {
  return (
    <Alert color="iris" variant="light" icon={<IconPencil aria-hidden />} title="This is your draft, not the flag">
      <Text size="sm" mb="xs">
        Nothing is saved. Only you see what is tried here.
      </Text>
      <Form method="post" action={`/flags/${flagKey}?index`}>
        <input type="hidden" name="definition" value={draft} />
        <input type="hidden" name="version" value={version} />
        <SubmitButton intent="edit" variant="default" size="xs">
          Go on editing
        </SubmitButton>
      </Form>
    </Alert>
  );
}

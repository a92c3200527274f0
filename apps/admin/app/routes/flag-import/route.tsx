import { type FormProblem, refusedForm } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Button, Stack } from "@mantine/core";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData } from "@remix-run/react";
import { IconDownload } from "@tabler/icons-react";
import { FlagsFrame } from "../../flags/flags-frame.tsx";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { useMayOperate } from "../../frame/staff.ts";
import { ImportForm } from "./import-form.tsx";
import { ImportResult } from "./import-result.tsx";
import { isTooLarge, readImport, type SentImport, tooLarge } from "./read-import.ts";

export const meta: MetaFunction = () => [{ title: "Import and export of flags · kombify Admin" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  await pageAnswer(request, context.requestId, context.api.identity.staffMe());
  return null;
}

export async function action({ request, context }: ActionFunctionArgs) {
  const { api, requestId } = context;
  const form = isTooLarge(request) ? null : await request.formData();
  const { file, problems, ...sent } = form === null ? tooLarge() : await readImport(form);
  const refuse = (fields: FormProblem["fields"], message = "Nothing was imported") => {
    const problem: FormProblem = { message, fields, values: {}, requestId };
    return data({ sent, result: null, problem }, { status: 400 });
  };
  if (file === null || form === null) return refuse(problems);
  const dryRun = form.get("intent") !== "import";
  if (!dryRun && sent.mode === "replace" && String(form.get("typedWord") ?? "").trim() !== "replace")
    return refuse([], "Nothing was imported: what was typed is not replace. See again what it would do.");
  try {
    const result = await api.flags.importFile({
      // The schema of a file refuses what it is not.
      file: file as { flags: Record<string, Record<string, unknown>> },
      mode: sent.mode,
      dryRun,
      ...(sent.owner === "" ? {} : { owner: sent.owner }),
    });
    return { sent, result, problem: null };
  } catch (error) {
    const refused = refusedForm(error, {}, requestId, { request });
    return data({ sent, result: null, problem: refused.data.problem }, refused.init ?? {});
  }
}

const NOTHING: SentImport = { text: "", mode: "merge", owner: "" };

export default function FlagImport() {
  const answer = useLastAnswer(useActionData<typeof action>());
  const mayOperate = useMayOperate();
  const problem = answer?.problem ?? undefined;
  const isDone = answer?.result?.dryRun === false;
  return (
    <FlagsFrame
      description="All flags and segments as one flagd flag-definition file, without loss."
      actions={
        <Button
          component="a"
          href="/flags/export"
          download="flags.flagd.json"
          variant="default"
          leftSection={<IconDownload size={16} aria-hidden />}
        >
          Export all flags
        </Button>
      }
    >
      <Stack gap="md">
        <FormErrorSummary
          message={problem?.message}
          fields={problem?.fields}
          labels={{ file: "File" }}
          requestId={problem?.requestId}
        />
        {answer?.result ? <ImportResult result={answer.result} sent={answer.sent} /> : null}
        {mayOperate ? (
          <ImportForm
            key={isDone ? "done" : "open"}
            sent={isDone ? NOTHING : (answer?.sent ?? NOTHING)}
            problem={problem}
          />
        ) : null}
      </Stack>
    </FlagsFrame>
  );
}

import type { Caller } from "@kombify/api";
import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Button, Group, Stack } from "@mantine/core";
import type { ActionFunctionArgs, LoaderFunctionArgs } from "@remix-run/node";
import { useActionData, useLoaderData, useSearchParams } from "@remix-run/react";
import { useLastAnswer } from "../../../forms/use-last-answer.ts";
import { PortalLink } from "../../../frame/portal-link.tsx";
import { Section } from "../../../frame/section.tsx";
import { listQuery, textOf } from "../../../lists/list-address.ts";
import { Done } from "../done.tsx";
import { flagKeyOf } from "../flag-key.ts";
import { outcomeWords } from "../outcome-words.ts";
import { useFlag } from "../use-flag.ts";
import { netDifferences } from "./net-differences.ts";
import { RevertQuestion } from "./revert-question.tsx";
import { VersionList } from "./version-list.tsx";

/** Versions read at a time, and how often at most, to say what going back to an old one means. */
const STEP = 100;
const MOST_STEPS = 20;

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const query = new URL(request.url).searchParams;
  const key = flagKeyOf(params);
  const to = Number(textOf(query, "revert")) || null;
  const [page, revert] = await pageAnswer(
    request,
    requestId,
    Promise.all([
      api.flags.history({ key, cursor: textOf(query, "cursor") }),
      to === null ? null : revertOf(api.flags, key, to),
    ]),
  );
  return { page, revert };
}

/** What going back to a version would change; null when there is no way back to it. */
async function revertOf(flags: Caller["flags"], key: string, to: number) {
  const versions: Awaited<ReturnType<typeof flags.history>>["items"] = [];
  let cursor: string | undefined;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const page = await flags.history({ key, limit: STEP, ...(cursor === undefined ? {} : { cursor }) });
    versions.push(...page.items);
    const target = versions.find(({ version }) => version === to);
    if (target) return target.canRevert ? { version: to, differences: netDifferences(versions, to) } : null;
    if (page.nextCursor === null) return null;
    cursor = page.nextCursor;
  }
  return null;
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  const key = flagKeyOf(params);
  try {
    const version = Number(values.version) || 0;
    const outcome = await context.api.flags.revert({ key, version, note: values.note ?? "" });
    return { done: outcomeWords(outcome, `The flag is again as it was in version ${version}.`) };
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function History() {
  const { page, revert } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const { flag, mayWrite } = useFlag();
  const [params] = useSearchParams();
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  const done = answer && "done" in answer ? answer.done : null;
  return (
    <Stack gap="md">
      <FormErrorSummary message={problem?.fields[0]?.message ?? problem?.message} requestId={problem?.requestId} />
      <Done words={done} />
      {revert && mayWrite && done === null ? <RevertQuestion flag={flag} revert={revert} problem={problem} /> : null}
      <Section title="Versions, newest first">
        <VersionList versions={page.items} current={flag.version} mayWrite={mayWrite} params={params} />
        {page.nextCursor || params.has("cursor") ? (
          <Group gap="xs" mt="sm" component="nav" aria-label="Pages of the history">
            {params.has("cursor") ? (
              <Button
                component={PortalLink}
                href={listQuery(params, { cursor: null, revert: null })}
                variant="default"
                size="xs"
              >
                Newest
              </Button>
            ) : null}
            {page.nextCursor ? (
              <Button
                component={PortalLink}
                href={listQuery(params, { cursor: page.nextCursor, revert: null })}
                variant="default"
                size="xs"
              >
                Older
              </Button>
            ) : null}
          </Group>
        ) : null}
      </Section>
    </Stack>
  );
}

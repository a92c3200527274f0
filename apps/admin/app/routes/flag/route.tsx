import type { Caller } from "@kombify/api";
import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { FormErrorSummary } from "@kombify/ui";
import { Stack } from "@mantine/core";
import type { ActionFunctionArgs, LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { Outlet, useActionData, useLoaderData } from "@remix-run/react";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { useMayOperate } from "../../frame/staff.ts";
import { useFlagsLive } from "../../live/use-flags-live.ts";
import { act } from "./act.ts";
import { Done } from "./done.tsx";
import { flagKeyOf } from "./flag-key.ts";
import { KilledBanner, WaitingBanner } from "./head/banners.tsx";
import { FlagFacts } from "./head/flag-facts.tsx";
import { FlagHead } from "./head/flag-head.tsx";
import { FlagTabs } from "./head/flag-tabs.tsx";
import { KillQuestion, RestoreQuestion } from "./head/kill-switch.tsx";
import type { FlagOutlet } from "./use-flag.ts";

export const meta: MetaFunction<typeof loader> = ({ data }) => [
  { title: `${data?.flag.key ?? "Flag"} · kombify Admin` },
];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { api, requestId } = context;
  const key = flagKeyOf(params);
  const [flag, changes] = await pageAnswer(
    request,
    requestId,
    Promise.all([api.flags.get({ key }), api.flags.changes({ key, show: "waiting" })]),
  );
  const killedBy = flag.killedAt === null ? null : await pageAnswer(request, requestId, whoKilled(api.flags, key));
  return { flag, changes: changes.items, killedBy };
}

/** The name stands in the history, near its top: little is changed of a flag that is killed. */
async function whoKilled(flags: Caller["flags"], key: string): Promise<string | null> {
  const { items } = await flags.history({ key, limit: 20 });
  return items.find(({ action }) => action === "kill")?.actorName ?? null;
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    return await act(context.api, flagKeyOf(params), values);
  } catch (error) {
    return refusedForm(error, values, context.requestId, { request });
  }
}

export default function Flag() {
  const { flag, changes, killedBy } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const live = useFlagsLive(flag.key);
  const mayWrite = useMayOperate();
  const done = answer && "done" in answer ? answer.done : null;
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  return (
    <>
      <FlagHead flag={flag} live={live} mayWrite={mayWrite} />
      <Stack gap="md">
        <FormErrorSummary message={problem?.fields[0]?.message ?? problem?.message} requestId={problem?.requestId} />
        <Done words={done} />
        <KilledBanner flag={flag} killedBy={killedBy} mayWrite={mayWrite} />
        <WaitingBanner changes={changes} />
        {mayWrite ? <KillQuestion flag={flag} problem={problem} /> : null}
        {mayWrite ? <RestoreQuestion flag={flag} problem={problem} /> : null}
        <FlagFacts flag={flag} />
        <FlagTabs flagKey={flag.key} overrides={flag.overrides} behind={flag.instancesBehind} />
        <Outlet context={{ flag, mayWrite } satisfies FlagOutlet} />
      </Stack>
    </>
  );
}

import { parseCondition } from "@kombify/flags/rules";
import { pageAnswer, type RefusedPage } from "@kombify/portal/service-error";
import { PageHeader, RelativeTime } from "@kombify/ui";
import { Alert, Anchor, Paper, Stack } from "@mantine/core";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData, useSearchParams } from "@remix-run/react";
import { IconCircleCheck } from "@tabler/icons-react";
import { formOf } from "../../flags/condition-form.ts";
import { FlagLinks } from "../../flags/flag-links.tsx";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { PortalLink } from "../../frame/portal-link.tsx";
import { Fact, Facts } from "../../frame/section.tsx";
import { useMayOperate } from "../../frame/staff.ts";
import { RemoveSegment } from "./remove-question.tsx";
import { removeSegment } from "./remove-segment.ts";
import { saveSegment } from "./save-segment.ts";
import { SegmentForm } from "./segment-form.tsx";

export const meta: MetaFunction<typeof loader> = ({ params }) => [{ title: `Segment ${params.key} · kombify Admin` }];

export async function loader({ request, params, context }: LoaderFunctionArgs) {
  const { items } = await pageAnswer(request, context.requestId, context.api.flags.segments());
  const segment = items.find(({ key }) => key === params.key);
  if (!segment) {
    const message = `There is no segment ${params.key}. It may have been removed.`;
    throw data({ message, requestId: context.requestId } satisfies RefusedPage, { status: 404 });
  }
  return { segment, segments: items.map(({ key }) => key).filter((key) => key !== segment.key) };
}

export async function action({ request, params, context }: ActionFunctionArgs) {
  const sent = await request.formData();
  const key = params.key!;
  if (sent.get("intent") === "remove") return removeSegment(request, sent, context, key);
  const saved = await saveSegment(request, sent, context, key);
  if (!("key" in saved)) return saved;
  return { done: "Saved. Homelabs get it within a minute.", version: saved.version };
}

export default function Segment() {
  const { segment, segments } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const [params] = useSearchParams();
  const mayOperate = useMayOperate();
  const condition = parseCondition(segment.logic);
  const hasLines = condition !== null && formOf(condition) !== null;
  const isJson = !hasLines || params.get("as") === "json";
  const href = `/flags/segments/${segment.key}`;
  const otherWay = isJson ? { href, text: "Edit as lines" } : { href: `${href}?as=json`, text: "Edit as JSON" };
  const refused = answer && "typed" in answer ? answer : undefined;
  return (
    <>
      <PageHeader
        above={
          <Anchor component={PortalLink} href="/flags/segments" size="sm">
            Segments
          </Anchor>
        }
        title={segment.key}
        description={segment.description}
      />
      <Stack gap="md">
        {answer && "done" in answer ? (
          <Alert role="status" color="green" variant="light" icon={<IconCircleCheck aria-hidden />} maw={860}>
            {answer.done}
          </Alert>
        ) : null}
        <Paper withBorder p="lg" maw={860}>
          <Facts>
            <Fact name="Who belongs to it">{segment.words}</Fact>
            <Fact name="Used by">
              <FlagLinks keys={segment.usedBy} none="No flag" />
            </Fact>
            <Fact name="Changed">
              <RelativeTime at={segment.updatedAt} />
            </Fact>
          </Facts>
        </Paper>
        {mayOperate ? (
          <>
            <SegmentForm
              // Once it was saved, the fields begin anew with what is stored.
              key={`${segment.key} ${isJson} ${answer && "done" in answer ? answer.version : ""}`}
              segment={segment}
              value={condition}
              json={isJson ? JSON.stringify(segment.logic, null, 2) : undefined}
              otherWay={hasLines ? otherWay : null}
              segments={segments}
              answer={refused}
            />
            <RemoveSegment segment={segment} problem={answer && "removal" in answer ? answer.removal : undefined} />
          </>
        ) : null}
      </Stack>
    </>
  );
}

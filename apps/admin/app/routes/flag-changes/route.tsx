import { refusedForm, textFields } from "@kombify/portal/form-problem";
import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState, FormErrorSummary, LiveMark } from "@kombify/ui";
import { Alert, Button, Group, Paper, Stack, Text } from "@mantine/core";
import { type ActionFunctionArgs, data, type LoaderFunctionArgs, type MetaFunction } from "@remix-run/node";
import { useActionData, useLoaderData, useSearchParams } from "@remix-run/react";
import { IconChevronRight, IconCircleCheck, IconUserCheck } from "@tabler/icons-react";
import { FlagsFrame } from "../../flags/flags-frame.tsx";
import { useLastAnswer } from "../../forms/use-last-answer.ts";
import { PortalLink } from "../../frame/portal-link.tsx";
import { listQuery, oneOf, textOf } from "../../lists/list-address.ts";
import { useFlagsLive } from "../../live/use-flags-live.ts";
import { act } from "./act.ts";
import { ChangeCard } from "./change-card.tsx";

export const meta: MetaFunction = () => [{ title: "Changes of flags · kombify Admin" }];

const SHOWN = ["waiting", "all"] as const;
const SHOWN_NAMES = { waiting: "Waiting", all: "All" };

export function loader({ request, context }: LoaderFunctionArgs) {
  const params = new URL(request.url).searchParams;
  const list = context.api.flags.changes({
    show: oneOf(params, "show", SHOWN),
    key: textOf(params, "key"),
    cursor: textOf(params, "cursor"),
  });
  return pageAnswer(request, context.requestId, list);
}

export async function action({ request, context }: ActionFunctionArgs) {
  const values = textFields(await request.formData());
  try {
    return await act(context.api, values);
  } catch (error) {
    const refused = refusedForm(error, values, context.requestId, { request });
    return data({ problem: refused.data.problem, id: values.id }, refused.init ?? {});
  }
}

export default function FlagChanges() {
  const { items, nextCursor } = useLoaderData<typeof loader>();
  const answer = useLastAnswer(useActionData<typeof action>());
  const [params] = useSearchParams();
  const live = useFlagsLive();
  const shown = oneOf(params, "show", SHOWN) ?? "waiting";
  const key = textOf(params, "key");
  const problem = answer && "problem" in answer ? answer.problem : undefined;
  // Each change has a field of its own.
  const fields = problem?.fields.map(({ path, message }) => ({ path: `${path}-${problem.values.id}`, message })) ?? [];
  const labels = Object.fromEntries(fields.map(({ path }) => [path, "Reason"]));
  return (
    <FlagsFrame
      description={
        key ? `Of the flag ${key}.` : "What waits for a second person or for its time, and what became of the rest."
      }
      marks={<LiveMark state={live} />}
    >
      <Stack gap="md">
        <Group gap="xs" component="nav" aria-label="Which changes">
          {SHOWN.map((each) => (
            <Button
              key={each}
              component={PortalLink}
              href={listQuery(params, { show: each === "waiting" ? null : each })}
              variant={each === shown ? "filled" : "default"}
              size="compact-md"
              {...(each === shown ? { "aria-current": "true" as const } : {})}
            >
              {SHOWN_NAMES[each]}
            </Button>
          ))}
          {key ? (
            <Button
              component={PortalLink}
              href={listQuery(params, { key: null })}
              variant="subtle"
              color="gray"
              size="compact-md"
            >
              Of all flags
            </Button>
          ) : null}
        </Group>
        <FormErrorSummary message={problem?.message} fields={fields} labels={labels} requestId={problem?.requestId} />
        {answer && "done" in answer ? (
          <Alert role="status" color="green" variant="light" icon={<IconCircleCheck aria-hidden />}>
            {answer.done}
          </Alert>
        ) : null}
        {items.map((change) => (
          <ChangeCard
            key={change.id}
            change={change}
            problem={problem?.values.id === change.id ? problem : undefined}
          />
        ))}
        {items.length === 0 ? (
          <Paper withBorder>
            <EmptyState
              icon={IconUserCheck}
              title={shown === "waiting" ? "Nothing waits" : "Nothing was ever asked for"}
            >
              Changes of sensitive flags come here until a second person has approved them, and those with a time until
              it has come.
            </EmptyState>
          </Paper>
        ) : null}
        <Paging params={params} nextCursor={nextCursor} count={items.length} />
      </Stack>
    </FlagsFrame>
  );
}

type PagingProps = { params: URLSearchParams; nextCursor: string | null; count: number };

function Paging({ params, nextCursor, count }: PagingProps) {
  if (nextCursor === null && !params.has("cursor")) return null;
  return (
    <Group component="nav" aria-label="Pages of changes" justify="space-between">
      <Text size="sm" c="dimmed">
        {count} shown
      </Text>
      <Group gap="xs">
        {params.has("cursor") ? (
          <Button component={PortalLink} href={listQuery(params, {})} variant="default" size="xs">
            First page
          </Button>
        ) : null}
        {nextCursor ? (
          <Button
            component={PortalLink}
            href={listQuery(params, { cursor: nextCursor })}
            variant="default"
            size="xs"
            rightSection={<IconChevronRight size={14} aria-hidden />}
          >
            Next page
          </Button>
        ) : null}
      </Group>
    </Group>
  );
}

import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState, LiveMark, lookOf } from "@kombify/ui";
import { Button, Group, NativeSelect, Paper, TextInput } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { IconFlag, IconPlus, IconSearch } from "@tabler/icons-react";
import { FlagsFrame, waitingText } from "../../flags/flags-frame.tsx";
import { PortalLink } from "../../frame/portal-link.tsx";
import { useMayOperate } from "../../frame/staff.ts";
import { FilterForm } from "../../lists/filter-form.tsx";
import { FLAG_LIFETIMES, FLAG_STANDINGS } from "../../lists/filter-words.ts";
import { oneOf, textOf } from "../../lists/list-address.ts";
import { useFlagsLive } from "../../live/use-flags-live.ts";
import { FlagTable } from "./flag-table.tsx";

export const meta: MetaFunction = () => [{ title: "Flags · kombify Admin" }];

const SORTS = ["key", "updatedAt", "-updatedAt", "-evaluations", "-instancesBehind"] as const;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const params = new URL(request.url).searchParams;
  const { api, requestId } = context;
  const [page, waiting] = await pageAnswer(
    request,
    requestId,
    Promise.all([
      api.flags.list({
        search: textOf(params, "search"),
        standing: oneOf(params, "standing", FLAG_STANDINGS),
        lifetime: oneOf(params, "lifetime", FLAG_LIFETIMES),
        owner: textOf(params, "owner"),
        sort: oneOf(params, "sort", SORTS),
        cursor: textOf(params, "cursor"),
      }),
      api.flags.changes({ limit: 20 }),
    ]),
  );
  return { page, waiting: waitingText(waiting) };
}

export default function Flags() {
  const { page, waiting } = useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const live = useFlagsLive();
  const mayOperate = useMayOperate();
  const isFiltered = ["search", "standing", "lifetime", "owner"].some((name) => textOf(params, name) !== undefined);
  const isEmpty = page.items.length === 0 && !isFiltered && !params.has("cursor");
  const make = mayOperate ? (
    <Button component={PortalLink} href="/flags/new" leftSection={<IconPlus size={16} aria-hidden />}>
      New flag
    </Button>
  ) : null;
  return (
    <FlagsFrame
      description="What is on for whom, without a release."
      marks={<LiveMark state={live} />}
      actions={isEmpty ? null : make}
      waiting={waiting}
    >
      {isEmpty ? (
        <Paper withBorder>
          <EmptyState
            icon={IconFlag}
            title="No flag yet"
            action={
              mayOperate ? (
                <Group justify="center" gap="xs">
                  {make}
                  <Button component={PortalLink} href="/flags/import" variant="default">
                    Import a flagd file
                  </Button>
                </Group>
              ) : null
            }
          >
            A flag is a question that code asks while it runs, such as whether the new dashboard is on here. Its rules
            give the answer by plan, homelab or a share of people, and a change is in effect everywhere within a minute.
          </EmptyState>
        </Paper>
      ) : (
        <>
          <FilterForm label="Filter flags" isFiltered={isFiltered}>
            <TextInput
              name="search"
              type="search"
              label="Search"
              placeholder="Key or description"
              leftSection={<IconSearch size={16} aria-hidden />}
              defaultValue={params.get("search") ?? ""}
            />
            <NativeSelect
              name="standing"
              label="Standing"
              defaultValue={params.get("standing") ?? ""}
              data={[
                { value: "", label: "Any" },
                ...FLAG_STANDINGS.map((standing) => ({ value: standing, label: lookOf(standing).label })),
              ]}
            />
            <NativeSelect
              name="lifetime"
              label="Lifetime"
              defaultValue={params.get("lifetime") ?? ""}
              data={[
                { value: "", label: "Any" },
                { value: "temporary", label: "Temporary" },
                { value: "permanent", label: "Permanent" },
              ]}
            />
            <TextInput
              name="owner"
              label="Owner"
              placeholder="Anybody"
              defaultValue={params.get("owner") ?? ""}
              autoComplete="off"
            />
          </FilterForm>
          <FlagTable page={page} params={params} />
        </>
      )}
    </FlagsFrame>
  );
}

import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState, LiveMark, lookOf, PageHeader } from "@kombify/ui";
import { Button, NativeSelect, Paper, TextInput } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { IconPlus, IconSearch, IconServer2 } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import { useMayOperate } from "../../frame/staff.ts";
import { FilterForm } from "../../lists/filter-form.tsx";
import { CONNECTIONS } from "../../lists/filter-words.ts";
import { oneOf, textOf } from "../../lists/list-address.ts";
import { useFleetLive } from "../../live/fleet-live.tsx";
import { InstanceTable } from "./instance-table.tsx";

export const meta: MetaFunction = () => [{ title: "Instances · kombify Admin" }];

const SORTS = ["name", "-name", "createdAt", "-createdAt"] as const;

export function loader({ request, context }: LoaderFunctionArgs) {
  const params = new URL(request.url).searchParams;
  const list = context.api.instances.list({
    search: textOf(params, "search"),
    connection: oneOf(params, "connection", CONNECTIONS),
    sort: oneOf(params, "sort", SORTS),
    cursor: textOf(params, "cursor"),
  });
  return pageAnswer(request, context.requestId, list);
}

export default function Instances() {
  const page = useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const isFiltered = Boolean(textOf(params, "search") ?? textOf(params, "connection"));
  const live = useFleetLive();
  const register = useMayOperate() ? (
    <Button component={PortalLink} href="/instances/new" leftSection={<IconPlus size={16} aria-hidden />}>
      Register an instance
    </Button>
  ) : null;
  const isEmpty = page.items.length === 0 && !isFiltered;
  return (
    <>
      <PageHeader
        title="Instances"
        description="The Stack hosts of the fleet."
        marks={<LiveMark state={live} />}
        actions={isEmpty ? null : register}
      />
      {isEmpty ? (
        <Paper withBorder>
          <EmptyState icon={IconServer2} title="No instance yet" action={register}>
            An instance is a machine that runs a stack-agent. Register one, paste a command on it, and tenants can be
            placed there.
          </EmptyState>
        </Paper>
      ) : (
        <>
          <FilterForm label="Filter instances" isFiltered={isFiltered}>
            <TextInput
              name="search"
              type="search"
              label="Search"
              placeholder="Name, region or address"
              leftSection={<IconSearch size={16} aria-hidden />}
              defaultValue={params.get("search") ?? ""}
            />
            <NativeSelect
              name="connection"
              label="Connection"
              defaultValue={params.get("connection") ?? ""}
              data={[
                { value: "", label: "Any" },
                ...CONNECTIONS.map((connection) => ({ value: connection, label: lookOf(connection).label })),
              ]}
            />
          </FilterForm>
          <InstanceTable page={page} params={params} />
        </>
      )}
    </>
  );
}

import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState, LiveMark, lookOf, PageHeader } from "@kombify/ui";
import { NativeSelect, Paper, TextInput } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { IconSearch, IconUsersGroup } from "@tabler/icons-react";
import { FilterForm } from "../../lists/filter-form.tsx";
import { TENANT_FILTERS } from "../../lists/filter-words.ts";
import { oneOf, textOf } from "../../lists/list-address.ts";
import { useFleetLive } from "../../live/fleet-live.tsx";
import { TenantTable } from "./tenant-table.tsx";

export const meta: MetaFunction = () => [{ title: "Tenants · kombify Admin" }];

const SORTS = ["createdAt", "-createdAt", "slug", "-slug", "name", "-name"] as const;
/** As many instances as the filter offers by name; others are reached from their own pages. */
const INSTANCES_OFFERED = 200;

export async function loader({ request, context }: LoaderFunctionArgs) {
  const params = new URL(request.url).searchParams;
  const { api, requestId } = context;
  const [page, instances] = await pageAnswer(
    request,
    requestId,
    Promise.all([
      api.tenants.search({
        search: textOf(params, "search"),
        status: oneOf(params, "status", TENANT_FILTERS),
        instanceId: textOf(params, "instance"),
        sort: oneOf(params, "sort", SORTS),
        cursor: textOf(params, "cursor"),
      }),
      api.instances.list({ limit: INSTANCES_OFFERED }),
    ]),
  );
  return { page, instances: instances.items.map(({ id, name }) => ({ id, name })) };
}

export default function Tenants() {
  const { page, instances } = useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const live = useFleetLive();
  const instance = params.get("instance") ?? "";
  const isFiltered = Boolean(textOf(params, "search") ?? textOf(params, "status") ?? textOf(params, "instance"));
  const isKnown = instance === "" || instances.some(({ id }) => id === instance);
  return (
    <>
      <PageHeader title="Tenants" description="Every homelab, and where it lives." marks={<LiveMark state={live} />} />
      {page.items.length === 0 && !isFiltered ? (
        <Paper withBorder>
          <EmptyState icon={IconUsersGroup} title="Nobody has signed up yet">
            A tenant appears here when somebody signs up in the Cloud portal.
          </EmptyState>
        </Paper>
      ) : (
        <>
          <FilterForm label="Filter tenants" isFiltered={isFiltered}>
            <TextInput
              name="search"
              type="search"
              label="Search"
              placeholder="Name, address, member's e-mail or organisation"
              leftSection={<IconSearch size={16} aria-hidden />}
              defaultValue={params.get("search") ?? ""}
            />
            <NativeSelect
              name="status"
              label="State"
              defaultValue={params.get("status") ?? ""}
              data={[
                { value: "", label: "Any" },
                ...TENANT_FILTERS.map((status) => ({ value: status, label: lookOf(status).label })),
              ]}
            />
            <NativeSelect
              name="instance"
              label="Instance"
              defaultValue={instance}
              data={[
                { value: "", label: "Any" },
                ...(isKnown ? [] : [{ value: instance, label: "The one in the address" }]),
                ...instances.map(({ id, name }) => ({ value: id, label: name })),
              ]}
            />
          </FilterForm>
          <TenantTable page={page} params={params} />
        </>
      )}
    </>
  );
}

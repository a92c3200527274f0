import { pageAnswer } from "@kombify/portal/service-error";
import { EmptyState, PageHeader } from "@kombify/ui";
import { NativeSelect, TextInput } from "@mantine/core";
import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { useLoaderData, useSearchParams } from "@remix-run/react";
import { IconSearch, IconSearchOff } from "@tabler/icons-react";
import { AuditTable } from "../../lists/audit-table.tsx";
import { FilterForm } from "../../lists/filter-form.tsx";
import { listQuery, textOf } from "../../lists/list-address.ts";
import { auditActions } from "./actions.ts";

export const meta: MetaFunction = () => [{ title: "Audit · kombify Admin" }];

export async function loader({ request, context }: LoaderFunctionArgs) {
  const params = new URL(request.url).searchParams;
  const { api, requestId } = context;
  const tenantId = textOf(params, "tenant");
  const [page, tenant] = await pageAnswer(
    request,
    requestId,
    Promise.all([
      api.audit.list({
        tenantId,
        action: textOf(params, "action"),
        actor: textOf(params, "actor"),
        cursor: textOf(params, "cursor"),
      }),
      tenantId ? api.tenants.inspect({ id: tenantId }) : null,
    ]),
  );
  return { page, tenant: tenant ? { id: tenant.id, name: tenant.name } : null };
}

export default function Audit() {
  const { page, tenant } = useLoaderData<typeof loader>();
  const [params] = useSearchParams();
  const action = params.get("action") ?? "";
  const isFiltered = Boolean(textOf(params, "actor") ?? textOf(params, "action") ?? textOf(params, "tenant"));
  return (
    <>
      <PageHeader
        title="Audit"
        description={tenant ? `Who did what to ${tenant.name}, newest first.` : "Who did what, newest first."}
      />
      <FilterForm label="Filter the audit trail" isFiltered={isFiltered}>
        <TextInput
          name="actor"
          type="search"
          label="Who"
          placeholder="Name of a person, an agent or staff"
          leftSection={<IconSearch size={16} aria-hidden />}
          defaultValue={params.get("actor") ?? ""}
        />
        <NativeSelect name="action" label="Action" defaultValue={action} data={auditActions(action)} />
        {tenant ? (
          <NativeSelect
            name="tenant"
            label="Tenant"
            defaultValue={tenant.id}
            data={[
              { value: "", label: "Any" },
              { value: tenant.id, label: tenant.name },
            ]}
          />
        ) : null}
      </FilterForm>
      <AuditTable
        events={page.items}
        firstHref={params.has("cursor") ? listQuery(params, {}) : undefined}
        nextHref={page.nextCursor ? listQuery(params, { cursor: page.nextCursor }) : undefined}
        empty={
          <EmptyState icon={IconSearchOff} title={isFiltered ? "Nothing matches" : "Nothing has happened yet"}>
            {isFiltered
              ? "Nobody of this name did this. Clear the filters to see the whole trail."
              : "Every change that somebody makes is written down here, with who made it."}
          </EmptyState>
        }
      />
    </>
  );
}

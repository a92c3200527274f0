import type { MeView } from "@kombify/api/schemas";
import { Button, NativeSelect } from "@mantine/core";
import { Form, useSubmit } from "@remix-run/react";
import { IconPlus } from "@tabler/icons-react";
import { PortalLink } from "../../frame/portal-link.tsx";
import classes from "./homelab.module.css";

type HomelabSwitcherProps = { homelabs: MeView["tenants"]; current: string };

/** Another of one's homelabs, and a new one. The choice is in the address. */
export function HomelabSwitcher({ homelabs, current }: HomelabSwitcherProps) {
  const submit = useSubmit();
  return (
    <div className={classes.switcher}>
      {homelabs.length > 1 ? (
        <Form method="get" action="/homelab" className={classes.switcher}>
          <NativeSelect
            aria-label="Homelab"
            name="tenant"
            size="sm"
            defaultValue={current}
            data={homelabs.map(({ slug, name }) => ({ value: slug, label: name }))}
            onChange={(event) => submit(event.currentTarget.form)}
          />
          <noscript>
            <button type="submit">Show</button>
          </noscript>
        </Form>
      ) : null}
      <Button
        component={PortalLink}
        href="/tenants/new"
        variant="default"
        size="sm"
        leftSection={<IconPlus size={16} aria-hidden />}
      >
        New homelab
      </Button>
    </div>
  );
}

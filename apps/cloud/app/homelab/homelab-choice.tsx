import type { MeView } from "@kombify/api/schemas";
import { Group, NativeSelect } from "@mantine/core";
import { Form, useSubmit } from "@remix-run/react";

type HomelabChoiceProps = {
  /** The page that shows the chosen one. */
  page: string;
  homelabs: MeView["tenants"];
  current: string;
};

/** Another of one's homelabs, for those who have several. The choice is in the address. */
export function HomelabChoice({ page, homelabs, current }: HomelabChoiceProps) {
  const submit = useSubmit();
  if (homelabs.length < 2) return null;
  return (
    <Form method="get" action={page}>
      <Group gap="xs">
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
      </Group>
    </Form>
  );
}

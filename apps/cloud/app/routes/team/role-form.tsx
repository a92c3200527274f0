import type { MemberView } from "@kombify/api/schemas";
import { Button, Group, NativeSelect } from "@mantine/core";
import { Form } from "@remix-run/react";
import { useState } from "react";
import { ROLE_NAMES, rolesGivenBy } from "../../team/roles.ts";
import type { Me } from "./team-view.tsx";

/** A member's role. Choosing another changes nothing until it is saved: one can look at the choices by keyboard. */
export function RoleForm({ me, slug, member }: { me: Me; slug: string; member: MemberView }) {
  const [role, setRole] = useState<string>(member.role);
  return (
    <Form method="post" action={`/team?tenant=${slug}`}>
      <input type="hidden" name="intent" value="role" />
      <input type="hidden" name="tenant" value={slug} />
      <input type="hidden" name="userId" value={member.userId} />
      <Group gap={6} wrap="nowrap">
        <NativeSelect
          name="role"
          size="xs"
          w={104}
          flex="none"
          aria-label={`Role of ${member.name}`}
          defaultValue={member.role}
          onChange={(event) => setRole(event.currentTarget.value)}
          data={rolesGivenBy(me.role).map((each) => ({ value: each, label: ROLE_NAMES[each] }))}
        />
        {role === member.role ? null : (
          <Button type="submit" size="compact-sm" variant="light">
            Save
          </Button>
        )}
        <noscript>
          <button type="submit">Save</button>
        </noscript>
      </Group>
    </Form>
  );
}

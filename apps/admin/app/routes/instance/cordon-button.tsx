import { Form } from "@remix-run/react";
import { SubmitButton } from "../../forms/submit-button.tsx";

/** Closes an instance for new tenants, or opens it again. Both can be undone at once, so nothing is asked. */
export function CordonButton({ isCordoned }: { isCordoned: boolean }) {
  return (
    <Form method="post" replace preventScrollReset>
      {isCordoned ? (
        <SubmitButton intent="uncordon">Uncordon: take new tenants again</SubmitButton>
      ) : (
        <SubmitButton intent="cordon" variant="default">
          Cordon: no new tenants
        </SubmitButton>
      )}
    </Form>
  );
}

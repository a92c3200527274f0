import { Alert } from "@mantine/core";
import { IconCircleCheck } from "@tabler/icons-react";

/** Says that it is done; nothing without words. */
export function Done({ words }: { words: string | null }) {
  if (words === null) return null;
  return (
    <Alert role="status" color="green" variant="light" icon={<IconCircleCheck aria-hidden />}>
      {words}
    </Alert>
  );
}

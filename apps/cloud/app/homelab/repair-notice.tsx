import { Alert } from "@mantine/core";
import { IconBandage } from "@tabler/icons-react";

/** Why a homelab cannot be opened whose host could not bring it up to date. */
export function RepairNotice() {
  return (
    <Alert color="yellow" icon={<IconBandage aria-hidden />} title="It is being repaired">
      We could not bring it up to date without a closer look, so it cannot be launched for now. Your data is safe. We
      have been told, and it opens again by itself; there is nothing that you have to do.
    </Alert>
  );
}

import { Alert } from "@mantine/core";
import { IconPlayerPause } from "@tabler/icons-react";

/** Why there is no button for a while, although nothing is wrong with the homelab itself. */
export function LaunchPause() {
  return (
    <Alert color="yellow" icon={<IconPlayerPause aria-hidden />} title="Launching is paused for a moment">
      We are looking into a problem with it. Your homelab itself runs on, and nothing of yours is lost. The button comes
      back here by itself; there is nothing that you have to do.
    </Alert>
  );
}

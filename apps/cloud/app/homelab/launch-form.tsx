import { Button } from "@mantine/core";
import { IconRocket } from "@tabler/icons-react";
import { useEffect, useState } from "react";

/** The button that opens the homelab: a plain form, so that it works without script and is sent once. */
export function LaunchForm({ slug, isFullWidth = false }: { slug: string; isFullWidth?: boolean }) {
  const [isSent, setIsSent] = useState(false);
  useEffect(() => {
    // Coming back from the homelab may show this page as it was left.
    const reset = () => setIsSent(false);
    window.addEventListener("pageshow", reset);
    return () => window.removeEventListener("pageshow", reset);
  }, []);
  return (
    <form
      method="post"
      action="/launch"
      onSubmit={(event) => {
        if (isSent) event.preventDefault();
        setIsSent(true);
      }}
    >
      <input type="hidden" name="tenant" value={slug} />
      <Button
        type="submit"
        size="lg"
        fullWidth={isFullWidth}
        loading={isSent}
        leftSection={<IconRocket size={20} stroke={1.8} aria-hidden />}
      >
        Launch my homelab
      </Button>
    </form>
  );
}

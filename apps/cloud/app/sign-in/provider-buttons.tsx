import { Button, Divider, Stack } from "@mantine/core";

type ProviderButtonsProps = {
  providers: readonly { id: string; name: string }[];
  /** A page of this portal to go to afterwards. */
  next?: string;
};

/** One way in for each identity provider, below the form; nothing where there is none. Links, so they need no script. */
export function ProviderButtons({ providers, next }: ProviderButtonsProps) {
  if (providers.length === 0) return null;
  return (
    <Stack gap="sm" mt="md">
      <Divider label="or" />
      {providers.map(({ id, name }) => (
        // A plain link: the answer is a redirect to another host, which the router must not fetch.
        <Button
          key={id}
          component="a"
          href={`/api/auth/oidc/start?${new URLSearchParams({ provider: id, ...(next ? { next } : {}) })}`}
          rel="nofollow"
          variant="default"
          size="md"
          fullWidth
        >
          Continue with {name}
        </Button>
      ))}
    </Stack>
  );
}

import { slugFromName } from "@kombify/api/schemas";
import { Code, Text, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { homelabAddress } from "./address.ts";

type NameFieldProps = {
  /** The field's name in the form, and its id. */
  name: string;
  cloudUrl: string;
  defaultValue: string | undefined;
  error: string | undefined;
};

type SlugAnswer = { slug: string; available: boolean; suggestion: string | null };

/** The name of a homelab, and the address that it gets, as it is typed. */
export function HomelabNameField({ name, cloudUrl, defaultValue = "", error }: NameFieldProps) {
  const [typed, setTyped] = useState(defaultValue);
  const slug = typed.trim() === "" ? "" : slugFromName(typed);
  const answer = useSlugCheck(slug);
  return (
    <div>
      <TextInput
        id={name}
        name={name}
        label="Name of your homelab"
        placeholder="Ada's lab"
        defaultValue={defaultValue}
        autoComplete="off"
        maxLength={60}
        error={error}
        onChange={(event) => setTyped(event.currentTarget.value)}
      />
      <Text size="sm" c="dimmed" mih={22} mt={6} aria-live="polite">
        <AddressLine slug={slug} cloudUrl={cloudUrl} answer={answer} />
      </Text>
    </div>
  );
}

type AddressLineProps = { slug: string; cloudUrl: string; answer: SlugAnswer | null };

function AddressLine({ slug, cloudUrl, answer }: AddressLineProps) {
  if (slug.length < 2) return <>Its address follows from the name.</>;
  if (answer === null || answer.available)
    return (
      <>
        Its address: <Code>{homelabAddress(cloudUrl, slug)}</Code>
      </>
    );
  return (
    <>
      {slug} is not free. Yours becomes similar
      {answer.suggestion === null ? null : (
        <>
          , such as <Code>{answer.suggestion}</Code>
        </>
      )}
      .
    </>
  );
}

const CHECK_DELAY_MS = 350;

/** What the server says about a slug; null until it has said it. A check that fails leaves the preview as it is. */
function useSlugCheck(slug: string): SlugAnswer | null {
  const [asked] = useDebouncedValue(slug, CHECK_DELAY_MS);
  const [answer, setAnswer] = useState<SlugAnswer | null>(null);
  useEffect(() => {
    if (asked.length < 2) return;
    const abort = new AbortController();
    const check = async () => {
      const { trpc } = await import("@kombify/portal/trpc");
      const checked = await trpc.tenants.checkSlug.query({ slug: asked }, { signal: abort.signal });
      if (!abort.signal.aborted) setAnswer({ slug: asked, ...checked });
    };
    check().catch(() => setAnswer(null));
    return () => abort.abort();
  }, [asked]);
  return answer?.slug === slug ? answer : null;
}

import { Anchor, Text } from "@mantine/core";
import { Fragment } from "react";
import { PortalLink } from "../frame/portal-link.tsx";

/** Flags by their keys, each with the way to it. */
export function FlagLinks({ keys, none }: { keys: readonly string[]; none: string }) {
  if (keys.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {none}
      </Text>
    );
  return (
    <Text size="sm" component="div">
      {keys.map((key, at) => (
        <Fragment key={key}>
          {at > 0 ? ", " : ""}
          <Anchor
            component={PortalLink}
            href={`/flags/${key}`}
            inherit
            ff="monospace"
            style={{ overflowWrap: "anywhere" }}
          >
            {key}
          </Anchor>
        </Fragment>
      ))}
    </Text>
  );
}

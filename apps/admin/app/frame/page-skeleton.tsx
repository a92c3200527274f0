import { Group, Skeleton, Stack, VisuallyHidden } from "@mantine/core";
import classes from "./sections.module.css";

/** The outline of the page at an address: a list, one thing, or the fleet. */
export function PageSkeleton({ pathname }: { pathname: string }) {
  const isList = /^\/(instances|tenants|audit|flags|flags\/segments)$/.test(pathname);
  return (
    <div aria-busy>
      <VisuallyHidden role="status">Loading</VisuallyHidden>
      <Skeleton h={34} w={220} mb="lg" />
      {isList ? <ListOutline /> : <CardsOutline />}
    </div>
  );
}

function ListOutline() {
  return (
    <Stack gap="sm">
      <Group>
        <Skeleton h={36} w={280} maw="100%" />
        <Skeleton h={36} w={160} />
      </Group>
      {Array.from({ length: 8 }, (_, row) => (
        <Skeleton key={row} h={40} />
      ))}
    </Stack>
  );
}

function CardsOutline() {
  return (
    <Stack gap="md">
      <Skeleton h={90} />
      <div className={classes.tiles}>
        {Array.from({ length: 4 }, (_, tile) => (
          <Skeleton key={tile} h={150} />
        ))}
      </div>
      <Skeleton h={260} />
    </Stack>
  );
}

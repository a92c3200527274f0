import { Button, Group, Table, Text } from "@mantine/core";
import { IconArrowDown, IconArrowsSort, IconArrowUp, IconChevronLeft, IconChevronRight } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./data-table.module.css";
import { useLink } from "./link.tsx";

export type Column<Row> = {
  key: string;
  header: string;
  render: (row: Row) => ReactNode;
  /** The server's name of this order; `-name` is its reverse. Without it the column does not sort. */
  sortKey?: string;
  /** In place of it, an order that has no reverse: `-uses`, the most first. */
  sortOnly?: string;
  align?: "left" | "right";
};

type DataTableProps<Row> = {
  /** Read by screen readers before the table. */
  caption: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  rowKey: (row: Row) => string;
  /** The order in force: `name` or `-name`. */
  sort?: string;
  /** The address of this list in another order; the URL is the state. */
  sortHref?: (sort: string) => string;
  /** Cursor paging: addresses of the first and the next page, where there are such. */
  firstHref?: string | undefined;
  nextHref?: string | undefined;
  total?: number | undefined;
  /** What stands in place of the rows when there are none. */
  empty: ReactNode;
};

/** A plain table: order and page are links, so Back works; on a phone each row becomes a card. */
export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, sort, sortHref, empty } = props;
  if (rows.length === 0) return <>{empty}</>;
  return (
    <div>
      <Table className={classes.table} verticalSpacing="xs" highlightOnHover>
        <caption className={classes.caption}>{caption}</caption>
        <thead className={classes.head}>
          <tr>
            {columns.map((column) => (
              <HeaderCell key={column.key} column={column} sort={sort} sortHref={sortHref} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)} className={classes.row}>
              {columns.map((column) => (
                <td key={column.key} className={classes.cell} data-align={column.align}>
                  <span className={classes.name}>{column.header}</span>
                  <div className={classes.value}>{column.render(row)}</div>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </Table>
      <Paging
        caption={caption}
        shown={rows.length}
        firstHref={props.firstHref}
        nextHref={props.nextHref}
        total={props.total}
      />
    </div>
  );
}

type HeaderCellProps<Row> = {
  column: Column<Row>;
  sort: string | undefined;
  sortHref: ((sort: string) => string) | undefined;
};

function HeaderCell<Row>({ column, sort, sortHref }: HeaderCellProps<Row>) {
  const Link = useLink();
  const { sortKey, sortOnly } = column;
  const by = sortKey ?? sortOnly?.replace(/^-/, "");
  if (by === undefined || sortHref === undefined) {
    return (
      <th scope="col" data-align={column.align}>
        {column.header}
      </th>
    );
  }
  const isUp = sort === by;
  const isDown = sort === `-${by}`;
  const Icon = isUp ? IconArrowUp : isDown ? IconArrowDown : IconArrowsSort;
  return (
    <th scope="col" data-align={column.align} aria-sort={isUp ? "ascending" : isDown ? "descending" : "none"}>
      <Link href={sortHref(sortOnly ?? (isUp ? `-${by}` : by))} className={classes.sort}>
        {column.header}
        <Icon size={14} aria-hidden opacity={isUp || isDown ? 1 : 0.5} />
      </Link>
    </th>
  );
}

type PagingProps = {
  caption: string;
  shown: number;
  firstHref: string | undefined;
  nextHref: string | undefined;
  total: number | undefined;
};

function Paging({ caption, shown, firstHref, nextHref, total }: PagingProps) {
  const Link = useLink();
  // A table that holds all there is needs no pages.
  if (firstHref === undefined && nextHref === undefined && total === undefined) return null;
  return (
    <Group component="nav" aria-label={`Pages of ${caption}`} justify="space-between" mt="sm">
      <Text size="sm" c="dimmed">
        {shown.toLocaleString("en")} shown{total === undefined ? "" : ` of ${total.toLocaleString("en")}`}
      </Text>
      <Group gap="xs">
        {firstHref ? (
          <Button
            component={Link as "a"}
            href={firstHref}
            variant="default"
            size="xs"
            leftSection={<IconChevronLeft size={14} aria-hidden />}
          >
            First page
          </Button>
        ) : null}
        {nextHref ? (
          <Button
            component={Link as "a"}
            href={nextHref}
            variant="default"
            size="xs"
            rightSection={<IconChevronRight size={14} aria-hidden />}
          >
            Next page
          </Button>
        ) : null}
      </Group>
    </Group>
  );
}

/** One line of the table that `npm run bench` prints. */
export type Row = {
  what: string;
  ours: string;
  reference: string;
  /** Ours by the reference's; null where there is no reference. */
  ratio: number | null;
  aim?: { text: string; isHeld: boolean };
};

const COLUMNS = ["what", "kombify", "reference", "ratio", "aim"] as const;

const cellsOf = ({ what, ours, reference, ratio, aim }: Row): string[] => [
  what,
  ours,
  reference,
  ratio === null ? "" : ratio.toFixed(2),
  aim ? `${aim.text}: ${aim.isHeld ? "held" : "MISSED"}` : "for the record",
];

/** The rows as a Markdown table with aligned columns. */
export function formatTable(rows: readonly Row[]): string {
  const lines = [[...COLUMNS], ...rows.map(cellsOf)];
  const widths = COLUMNS.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const format = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`;
  const rule = `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`;
  const [head = [], ...body] = lines;
  return [format(head), rule, ...body.map(format)].join("\n");
}

/** What a person sees while kombify starts: one line for each step, with the time that it took. */
export type Progress = {
  step<T>(title: string, work: () => Promise<T>): Promise<T>;
  say(line: string): void;
};

const seconds = (fromMs: number): string => `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;

export function createProgress(out: NodeJS.WriteStream = process.stdout): Progress {
  const isTerminal = out.isTTY === true;
  return {
    async step(title, work) {
      const startedAt = performance.now();
      if (isTerminal) out.write(`  · ${title} ...`);
      try {
        const result = await work();
        out.write(`${isTerminal ? "\r\u001b[2K" : ""}  ✓ ${title} (${seconds(startedAt)})\n`);
        return result;
      } catch (error) {
        out.write(`${isTerminal ? "\r\u001b[2K" : ""}  ✗ ${title}\n`);
        throw error;
      }
    },
    say: (line) => void out.write(`${line}\n`),
  };
}

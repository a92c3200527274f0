/** No PocketBase can be had on this machine. The message says what was tried, and every way to get one. */
export class PocketBaseMissing extends Error {
  override name = "PocketBaseMissing";

  constructor(tried: readonly string[]) {
    super(
      [
        "There is no PocketBase on this machine.",
        ...tried.map((reason) => `  ${reason}`),
        "One of these helps: set POCKETBASE_URL to a running one; set POCKETBASE_BIN to an executable; install Go 1.25 " +
          "or newer, which builds it; or allow the download of its release from github.com.",
      ].join("\n"),
    );
  }
}

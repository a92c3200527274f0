import { expect, it } from "vitest";
import { scramVerifier } from "./scram-verifier.ts";

// RFC 7677, section 3: the example of SCRAM-SHA-256. Its server signature follows from the server key.
it("gives the keys of the example in RFC 7677", async () => {
  const verifier = await scramVerifier("pencil", Buffer.from("W22ZaJ0SNY7soEsUEjb6gQ==", "base64"));
  expect(verifier).toBe(
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
  );
});

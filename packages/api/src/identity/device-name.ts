import Bowser from "bowser";

/** What a person would call the thing that they signed in with, from its `User-Agent`: "Firefox on Linux". */
export function deviceName(userAgent: string): string {
  if (userAgent.trim() === "") return "Unknown device";
  const { browser, os } = Bowser.parse(userAgent);
  if (browser.name && os.name) return `${browser.name} on ${os.name}`;
  // A program says its own name first: "curl/8.5.0" (RFC 9110, 10.1.5).
  const program = /^([A-Za-z][\w.-]{0,39})/.exec(userAgent)?.[1];
  return browser.name || program || "Unknown device";
}

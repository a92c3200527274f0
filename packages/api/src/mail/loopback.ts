/** Whether a host name or address, with or without the brackets of a URL, is this machine's own. */
export const isLoopback = (host: string): boolean =>
  /^(?:localhost|(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/i.test(host.replace(/^\[|\]$/g, ""));

/**
 * Addresses as they are counted. Whoever has one IPv6 address has a /64 of them (RFC 6177, section 2), and a neighbourhood
 * is what one subscriber or office moves in: a /24 or a /48.
 */
import ipaddr from "ipaddr.js";

function networkOf(address: string, bits: { ipv4: number; ipv6: number }): string {
  if (!ipaddr.isValid(address)) return address;
  const parsed = ipaddr.process(address);
  const length = bits[parsed.kind()];
  const parser = parsed.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${parser.networkAddressFromCIDR(`${parsed.toString()}/${length}`).toString()}/${length}`;
}

/** What one address is counted as; anything that is no address stays as it is. */
export const addressKey = (address: string): string => networkOf(address, { ipv4: 32, ipv6: 64 });

/** The neighbourhood of an address. */
export const addressBlock = (address: string): string => networkOf(address, { ipv4: 24, ipv6: 48 });

import type { IncomingMessage } from "node:http";
import proxyAddr from "@fastify/proxy-addr";

/** Whether an address is one of our own proxies, whose `X-Forwarded-For` is believed. */
export type Trust = (address: string, hop: number) => boolean;

/** @param proxies addresses and CIDR ranges; none are trusted by default, since anyone can send the header */
export function trustOf(proxies: readonly string[]): Trust {
  return proxyAddr.compile([...proxies]);
}

/** Where a request comes from: the socket's peer, or what our own proxies say of it. */
export function addressOf(request: IncomingMessage, trust: Trust): string {
  return proxyAddr(request, trust);
}

import { BlockList, isIP } from "node:net";
import { BelayError } from "@belay/supervise";

/**
 * Lets only clients from certain networks in.
 *
 * Closed when in doubt: a client whose address is not known, or a network that is none, is refused.
 *
 * @param networks  addresses or networks (`10.0.0.0/8`), separated by commas; empty: everybody may come in
 * @param env  sshd's: the first word of `SSH_CONNECTION` (or `SSH_CLIENT`) is the client's address
 * @throws BelayError `ERESTRICTED`
 */
export function checkNetwork(networks: string, env: NodeJS.ProcessEnv): void {
  if (networks.trim() === "") return;
  const client = (env["SSH_CONNECTION"] ?? env["SSH_CLIENT"] ?? "").trim().split(/\s+/)[0] ?? "";
  const address = client.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  if (isIP(address) === 0 || !listOf(networks).check(address, family(address))) {
    throw new BelayError("ERESTRICTED", "client IP address is not allowed", { hint: "see allow-network" });
  }
}

function listOf(networks: string): BlockList {
  const list = new BlockList();
  for (const text of networks.split(",").map((part) => part.trim())) {
    const [address = "", bits, ...more] = text.split("/");
    const most = isIP(address) === 6 ? 128 : 32;
    const length = bits === undefined ? most : Number(/^\d{1,3}$/.exec(bits)?.[0]);
    if (isIP(address) === 0 || more.length > 0 || !(length <= most)) {
      throw new BelayError("ERESTRICTED", `allow-network: '${text}' is no network`, { hint: "write it as 10.0.0.0/8" });
    }
    list.addSubnet(address, length, family(address));
  }
  return list;
}

function family(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

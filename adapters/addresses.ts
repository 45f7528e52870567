import { BlockList, isIP } from 'node:net';

/** What is no host on the internet: this machine, private networks, link-local (metadata, credentials), carrier NAT, multicast. */
const V4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
];

/** Of the global unicast range: what leads to an IPv4 address in disguise. */
const V6 = ['2001::/23', '2002::/16'];

const refused = blockList(V4, 'ipv4');
const disguised = blockList(V6, 'ipv6');
const global = blockList(['2000::/3'], 'ipv6');

function blockList(subnets: string[], family: 'ipv4' | 'ipv6'): BlockList {
  const list = new BlockList();
  for (const subnet of subnets) {
    const [network = '', bits] = subnet.split('/');
    list.addSubnet(network, Number(bits), family);
  }
  return list;
}

/** Whether an address is a host on the internet. IPv4 in IPv6 (mapped, translated, 6to4, Teredo) is not. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 4) return !refused.check(address, 'ipv4');
  return family === 6 && global.check(address, 'ipv6') && !disguised.check(address, 'ipv6');
}

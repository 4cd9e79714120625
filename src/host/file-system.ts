// Owns the question on what kind of file system a path lies.
import { spawnSync } from 'node:child_process';
import { statfsSync } from 'node:fs';

/** `unclear`: FUSE, which may be a local disk image as well as a remote machine. */
export interface FileSystem {
  readonly kind: 'local' | 'network' | 'unclear';
  readonly name: string;
}

/** `f_type` of statfs(2), from linux/magic.h and the file systems' own sources. */
const LINUX_TYPES = new Map<number, FileSystem>([
  [0x6969, network('NFS')],
  [0x517b, network('SMB')],
  [0xff534d42, network('CIFS')],
  [0xfe534d42, network('SMB2')],
  // Shared folders of virtual machines and WSL's /mnt/c: no shared memory maps, which the ledger's WAL needs.
  [0x01021997, network('9p')],
  [0x786f4256, network('VirtualBox shared folder')],
  [0xbacbacbc, network('VMware shared folder')],
  [0x5346414f, network('AFS')],
  [0x6b414653, network('AFS')],
  [0x73757245, network('Coda')],
  [0x00c36400, network('Ceph')],
  [0x0bd00bd0, network('Lustre')],
  [0x47504653, network('GPFS')],
  [0x19830326, network('BeeGFS')],
  [0x01161970, network('GFS2')],
  [0x7461636f, network('OCFS2')],
  [0x65735546, { kind: 'unclear', name: 'FUSE' }],
]);

/** Names as `mount` prints them on macOS and the BSDs. */
const NETWORK_NAMES = /^(?:nfs|smbfs|cifs|afpfs|webdav|ftp|9p|p9fs|acfs|sshfs)/;
const FUSE_NAMES = /fuse/;

const LOCAL: FileSystem = { kind: 'local', name: 'a local disk' };

/** @throws errors of the operating system where the path is not there */
export function fileSystemOf(path: string): FileSystem {
  // Signed or unsigned, as the platform has it.
  const type = statfsSync(path).type >>> 0;
  if (process.platform === 'linux') return LINUX_TYPES.get(type) ?? LOCAL;
  const mounts = spawnSync('mount', { encoding: 'utf8', env: { PATH: '/sbin:/usr/sbin:/bin' } });
  return fileSystemInMounts(mounts.stdout ?? '', path);
}

/** Finds `path` in lines like `/dev/disk3s1 on /System/Volumes/Data (apfs, local, journaled)`: the longest mount wins. */
export function fileSystemInMounts(mounts: string, path: string): FileSystem {
  let longest = '';
  let name = '';
  for (const line of mounts.split('\n')) {
    const match = /^.* on (\/.*) \((\w+)[,)]/.exec(line);
    if (match === null) continue;
    const place = match[1]!;
    const holds = path === place || path.startsWith(place === '/' ? '/' : `${place}/`);
    if (holds && place.length > longest.length) {
      longest = place;
      name = match[2]!;
    }
  }
  if (NETWORK_NAMES.test(name)) return network(name);
  return FUSE_NAMES.test(name) ? { kind: 'unclear', name } : LOCAL;
}

function network(name: string): FileSystem {
  return { kind: 'network', name };
}

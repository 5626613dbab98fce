/**
 * bbolt's file format, which is what etcd's snapshots are: a tree of pages per bucket, found from two copies of a header
 * (the "meta"). https://github.com/etcd-io/bbolt, internal/common/{page,meta,bucket}.go
 *
 *     page     0 id   8 flags   10 count   12 overflow (pages beyond the first)   16 elements, then keys and values
 *     leaf     0 flags   4 position, from here   8 key size   12 value size
 *     branch   0 position, from here   4 key size   8 page id
 *     meta     0 magic   4 version   8 page size   12 flags   16 root page   24 sequence   32 free list   40 pages in use
 *              48 transaction   56 checksum (FNV-1a, 64 bits)
 */
export const pageHeaderBytes = 16
export const elementBytes = 16
export const metaBytes = 64
export const metaChecksumOffset = 56

export const pageFlags = { branch: 0x01, leaf: 0x02, meta: 0x04, freeList: 0x10 } as const
/** A leaf element that is a bucket: its value starts with the bucket's root page. */
export const bucketFlag = 1
export const bucketBytes = 16

export const metaMagic = 0xed0cdaed
export const metaVersion = 2

export type Entry = readonly [key: Uint8Array, value: Uint8Array]

export function metaChecksum(meta: Buffer): bigint {
  let hash = 0xcbf29ce484222325n
  for (const byte of meta.subarray(0, metaChecksumOffset))
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  return hash
}

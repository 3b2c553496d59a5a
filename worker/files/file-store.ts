import type { Result } from '../result.ts'
import { DiskFileStore } from './disk-file-store.ts'
import { R2FileStore } from './r2-file-store.ts'

/** What is told of a file when it is put. */
export interface FileDescription {
  mimetype: string
  fileName?: string
}

/** What is known of a stored file. `sha256` is hexadecimal; a large file on R2 has it only when its putter knew it. */
export interface StoredFile extends FileDescription {
  fileSize: number
  sha256?: string
  storedAt: string
}

/** First byte and, unless until the end, how many; or the last `suffix` bytes. */
export type FileRange = { offset: number; length?: number } | { suffix: number }

/** `range` is what `body` holds when a range was asked for: the answer is then 206, else 200. */
export interface FileContent extends StoredFile {
  body: ReadableStream<Uint8Array>
  range?: { offset: number; length: number }
}

export interface PutOptions extends FileDescription {
  /** Above this nothing is stored and the answer is `fileTooLarge`. */
  maxBytes: number
  /** The hash that the content must have, hexadecimal; another one is `hashMismatch`, and nothing is stored. */
  expectedSha256?: string
}

export type PutResult = Result<{ fileSize: number; sha256: string }, 'fileTooLarge' | 'hashMismatch'>

/**
 * Where media are kept, under `idTenant/idFile`. A file is there whole or not at all: what was broken off cannot be read,
 * and putting a key again replaces its content in one step. Content is never held whole in memory.
 */
export interface FileStore {
  /** Stores a stream and answers its size and SHA-256 (hexadecimal). Throws `SourceBroken` when the stream fails. */
  put(key: string, body: ReadableStream<Uint8Array>, options: PutOptions): Promise<PutResult>
  /** `null` when there is no such file, `'outOfRange'` (416) when the range begins behind its end. */
  get(key: string, range?: FileRange): Promise<FileContent | 'outOfRange' | null>
  head(key: string): Promise<StoredFile | null>
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>
  /** Deletes everything of a tenant. */
  deleteAll(idTenant: string): Promise<void>
}

/** R2 on Cloudflare; on one's own machine a service binding to workerd's disk service. */
export type FilesBinding = R2Bucket | Fetcher

/** Opens whichever storage the binding `FILES` is. */
export function openFileStore(binding: FilesBinding): FileStore {
  return 'fetch' in binding ? new DiskFileStore(binding) : new R2FileStore(binding)
}

/** The key of a tenant's file. */
export function fileKey(idTenant: string, idFile: string): string {
  return `${idTenant}/${idFile}`
}

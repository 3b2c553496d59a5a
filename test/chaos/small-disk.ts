import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const mebibytes = 96

/** A disk of its own for the Worker, small enough to be filled to the last byte. Needs the right to mount. */
export class SmallDisk {
  readonly directory: string

  private constructor(directory: string) {
    this.directory = directory
  }

  /** Undefined where nothing may be mounted: then there is no full disk in the drama. */
  static mount(): SmallDisk | undefined {
    const directory = mkdtempSync(join(tmpdir(), 'chatlink-disk-'))
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', directory], {
        stdio: 'ignore',
      })
      return new SmallDisk(directory)
    } catch {
      rmSync(directory, { recursive: true, force: true })
      return undefined
    }
  }

  /** Leaves not one byte free. */
  fill(): void {
    for (let size = 8 * 1024 * 1024; size >= 1; size = Math.floor(size / 2))
      for (let count = 0; count < mebibytes && this.#write(size); count++);
  }

  free(): void {
    rmSync(join(this.directory, 'filler'), { recursive: true, force: true })
  }

  unmount(): void {
    this.free()
    execFileSync('umount', ['-l', this.directory], { stdio: 'ignore' })
    rmSync(this.directory, { recursive: true, force: true })
  }

  #write(size: number): boolean {
    try {
      writeFileSync(join(this.directory, 'filler'), Buffer.alloc(size), { flag: 'a' })
      return true
    } catch {
      return false
    }
  }
}

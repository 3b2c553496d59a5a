/** Three bytes of length, then the body: how WhatsApp cuts its stream. */
export function encodeFrame(body: Uint8Array): Buffer {
  const header = Buffer.alloc(3)
  header.writeUIntBE(body.length, 0, 3)
  return Buffer.concat([header, body])
}

/** Cuts what a client sends into frames; takes its introduction (and routing information) off first. */
export class FrameReader {
  #buffer = Buffer.alloc(0)
  #introduced = false

  push(chunk: Buffer): Buffer[] {
    this.#buffer = Buffer.concat([this.#buffer, chunk])
    if (!this.#introduced && !this.#skipIntroduction()) return []
    const frames: Buffer[] = []
    while (this.#buffer.length >= 3) {
      const end = 3 + this.#buffer.readUIntBE(0, 3)
      if (this.#buffer.length < end) break
      frames.push(this.#buffer.subarray(3, end))
      this.#buffer = this.#buffer.subarray(end)
    }
    return frames
  }

  #skipIntroduction(): boolean {
    let start = 0
    if (this.#buffer.subarray(0, 2).toString() === 'ED') {
      if (this.#buffer.length < 7) return false
      start = 7 + this.#buffer.readUIntBE(4, 3)
    }
    if (this.#buffer.length < start + 4) return false
    if (this.#buffer.subarray(start, start + 2).toString() !== 'WA') throw new Error('not a WhatsApp client')
    this.#buffer = this.#buffer.subarray(start + 4)
    this.#introduced = true
    return true
  }
}

/** A set that forgets its oldest members above `max`. */
export class BoundedSet {
  #members = new Set<string>()
  #max: number

  constructor(max: number) {
    this.#max = max
  }

  has(member: string): boolean {
    return this.#members.has(member)
  }

  add(member: string): void {
    this.#members.add(member)
    if (this.#members.size <= this.#max) return
    const [oldest] = this.#members
    this.#members.delete(oldest!)
  }
}

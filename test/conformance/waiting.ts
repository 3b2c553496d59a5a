export function pause(delayMs: number): Promise<void> {
  return new Promise((done) => {
    setTimeout(done, delayMs)
  })
}

export async function waitUntil(
  holds: () => boolean | Promise<boolean>,
  what: string,
  withinMs = 20_000,
): Promise<void> {
  const end = Date.now() + withinMs
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`it never came to this: ${what}`)
    await pause(20)
  }
}

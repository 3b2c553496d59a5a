/** npm passes on a signal that the terminal has already sent: what comes so soon is the same wish, not a second one. */
const sameWishMs = 1000

/** Runs `stop` at Ctrl-C, SIGTERM or a closed terminal and exits with 0; a second Ctrl-C exits at once. */
export function stopOnSignals(stop: () => Promise<void>, print: (text: string) => void = console.log): void {
  let askedAt: number | undefined
  const onSignal = () => {
    if (askedAt !== undefined) {
      if (performance.now() - askedAt > sameWishMs) process.exit(130)
      return
    }
    askedAt = performance.now()
    print('\nChatLink stops …')
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        print(String(error))
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
}

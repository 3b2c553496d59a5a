type Functions = Record<string, (...args: never[]) => unknown>

/** Lets the process that started this one call these functions, and `usage` beside them. */
export function serve(functions: Functions): void {
  const all: Functions = { usage: readUsage, ...functions }
  process.on('message', ({ id, name, args }: { id: number; name: string; args: never[] }) => {
    const run = async () => all[name]!(...args)
    run().then(
      (result) => process.send!({ id, result }),
      (error: Error) => process.send!({ id, error: error.stack ?? error.message }),
    )
  })
  process.on('disconnect', () => process.exit(1))
}

/** What this process has used. */
function readUsage() {
  const { user, system } = process.cpuUsage()
  return {
    cpuMs: (user + system) / 1000,
    rssBytes: process.memoryUsage.rss(),
    loopTurns: performance.nodeTiming.uvMetricsInfo.loopCount,
  }
}

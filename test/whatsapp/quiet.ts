/**
 * libsignal prints whole sessions, private keys included, in normal operation. Importing this file lets the console print
 * plain text only, and none of libsignal's own.
 */
for (const method of ['log', 'info', 'warn', 'error'] as const) {
  const print = console[method].bind(console)
  console[method] = (...values: unknown[]) => {
    if (values.every((value) => typeof value === 'string' && !/session|decrypt|prekey/i.test(value)))
      print(...values)
  }
}

import { createServer } from 'node:net'

/** Whether an address can be listened on; 0 answers a free port. Rejects with the system's error, such as `EADDRINUSE`. */
export async function probePort(host: string, port: number): Promise<number> {
  const server = createServer()
  return new Promise((done, fail) => {
    server.once('error', fail)
    server.listen({ host, port, exclusive: true }, () => {
      const address = server.address()
      const taken = typeof address === 'object' && address !== null ? address.port : port
      server.close(() => done(taken))
    })
  })
}

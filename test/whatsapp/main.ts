// The product's remedies for libsignal, before Baileys: silent, and signatures that are fast enough for benchmarks.
import '../../connector/libsignal.ts'
import { readOptions } from '../../worker/host/command-line.ts'
import { StartProblem } from '../../worker/host/start-problem.ts'
import { Control } from './control.ts'
import { startWhatsApp } from './whatsapp.ts'

function readPort(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text)
  throw new StartProblem(`There is no port ${text}: give a port number, such as 8790.`)
}

async function start() {
  const values = readOptions({
    port: { type: 'string', default: '8790' },
    'media-port': { type: 'string', default: '8791' },
    'control-port': { type: 'string', default: '8792' },
    data: { type: 'string', default: '.chatlink/whatsapp' },
  })
  const [port, mediaPort, controlPort] = [values.port, values['media-port'], values['control-port']].map(
    readPort,
  )
  const whatsapp = await startWhatsApp({ port: port!, mediaPort: mediaPort!, dataDirectory: values.data })
  const control = new Control(whatsapp)
  return { whatsapp, control, controlUrl: await control.listen(controlPort!) }
}

const { whatsapp, control, controlUrl } = await start().catch((error: unknown) => {
  // A port that is in use or a directory that may not be written says so itself.
  process.stderr.write(`${(error as Error).message}\n`)
  process.exit(1)
})

process.stdout.write(`A simulated WhatsApp is running.

  control API   ${controlUrl}
  WhatsApp      ${whatsapp.url}
  media host    ${whatsapp.mediaHost.origin}

Start ChatLink against it:

  export CHATLINK_WHATSAPP_URL=${whatsapp.url}
  export CHATLINK_WHATSAPP_ROOT_KEY=${whatsapp.rootKey}
  export NODE_EXTRA_CA_CERTS=${whatsapp.caFile}
  npm start

test/whatsapp/README.md shows how to make a phone, scan a QR and send messages.
`)

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void control
      .close()
      .then(() => whatsapp.close())
      .then(() => process.exit(0))
  })

// The product's remedies for libsignal, before Baileys: silent, and signatures that are fast enough for benchmarks.
import '../../connector/libsignal.ts'
import { parseArgs } from 'node:util'
import { Control } from './control.ts'
import { startWhatsApp } from './whatsapp.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8790' },
    'media-port': { type: 'string', default: '8791' },
    'control-port': { type: 'string', default: '8792' },
    data: { type: 'string', default: '.chatlink/whatsapp' },
  },
})

const whatsapp = await startWhatsApp({
  port: Number(values.port),
  mediaPort: Number(values['media-port']),
  dataDirectory: values.data,
})
const control = new Control(whatsapp)
const controlUrl = await control.listen(Number(values['control-port']))

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

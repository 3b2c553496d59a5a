import { pbkdf2Sync } from 'node:crypto'
import { existsSync, writeFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

/**
 * To be imported before a connector's own program (`--import`). A message with the text `spin unless FILE` is one over
 * which the connector loops for ever, as long as there is no such file; `spin once unless FILE` makes the file before. With
 * `hang` instead of `spin` it stands still in a call that does not return to JavaScript.
 */
const wish = /^(spin|hang) (once )?unless (\S+)$/

if (isMainThread) {
  const { proto } = await import('../../connector/baileys.ts')
  const decode = proto.Message.decode.bind(proto.Message)
  proto.Message.decode = (...args) => {
    const message = decode(...args)
    const [, how, once, file] =
      wish.exec(message.conversation ?? message.extendedTextMessage?.text ?? '') ?? []
    if (file !== undefined && !existsSync(file)) {
      if (once !== undefined) writeFileSync(file, '')
      if (how === 'hang') hang()
      spin()
    }
    return message
  }
}

function spin(): never {
  for (;;) continue
}

function hang(): void {
  pbkdf2Sync('', '', 2 ** 31 - 1, 64, 'sha512')
}

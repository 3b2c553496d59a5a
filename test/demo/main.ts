import { setTimeout as wait } from 'node:timers/promises'
import { readOptions } from '../../worker/host/command-line.ts'
import { probePort } from '../../worker/host/port.ts'
import { StartProblem } from '../../worker/host/start-problem.ts'
import { stopOnSignals } from '../../worker/host/stop-signals.ts'
import { colour, printLine } from '../../worker/host/terminal.ts'
import { messageCases } from '../support/message-cases.ts'
import { startStage, type Stage } from '../support/stage.ts'
import { drawWebhook } from './draw.ts'
import { Play, type Finding } from './play.ts'

/** `npm run demo`: everything on one machine with a simulated WhatsApp. With `--once` it judges itself and ends. */
const usualPort = 8787
const pauseMs = 20_000
const paceMs = 1000

const print = (text: string) => void process.stdout.write(`${text}\n`)
const say = (text: string) => print(`\n${colour.cyan(text)}`)

/** libsignal prints whole sessions, private keys included: in this process nothing prints but the demo. */
for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const) console[method] = () => undefined

async function main(): Promise<number> {
  const values = readOptions({ once: { type: 'boolean', default: false } })
  const port = await probePort('127.0.0.1', usualPort).catch(() => 0)
  print('ChatLink’s demo starts: the Worker, a connector, a simulated WhatsApp and a subscriber …')
  const printPart = (label: string, line: string) => printLine(label, line, print)
  const starting = startStage({ port, print: printPart })
  if (!values.once) {
    stopOnSignals(async () => {
      const stage = await starting.catch(() => undefined)
      await stage?.close()
    }, print)
  }
  const stage = await starting
  stage.receiver.onWebhook = (webhook) => print(`\n${drawWebhook(webhook)}`)
  print(`It runs: ${stage.installation.url}`)
  const play = new Play(stage, { say, show: print, paceMs: values.once ? 0 : paceMs })
  try {
    await play.link()
    await play.receiveEverything()
    await play.talk()
    if (!values.once) return await stayOpen(stage, play)
    await play.leave()
    play.checkWhole()
    return judge(play.findings)
  } finally {
    await stage.close()
  }
}

function judge(findings: Finding[]): number {
  print('')
  for (const { title, problems } of findings) {
    print(problems.length === 0 ? `${colour.green('✓')} ${title}` : `${colour.red('✗')} ${title}`)
    for (const problem of problems) print(`    ${problem}`)
  }
  const bad = findings.filter(({ problems }) => problems.length > 0).length
  print(
    bad === 0 ? `\nAll ${findings.length} as they should be.` : `\n${bad} of ${findings.length} are wrong.`,
  )
  return bad === 0 ? 0 : 1
}

async function stayOpen({ installation, admin, api }: Stage, play: Play): Promise<never> {
  const { url, firstKey } = installation
  print(`
${colour.bold('The demo goes on until Ctrl-C; a message comes now and then.')}

  API            ${colour.cyan(url)}
  API reference  ${colour.cyan(`${url}/docs`)}
  API key        ${firstKey.key}
  Admin token    ${installation.secrets.adminToken}

Try, in another terminal:

  curl -s ${api.url}/v1/sessions/demo -H 'authorization: Bearer ${firstKey.key}'
  curl -s '${api.url}/v1/sessions/demo/events?after=0' -H 'authorization: Bearer ${firstKey.key}'
  curl -s ${api.url}/v1/sessions/demo/messages -H 'authorization: Bearer ${firstKey.key}' \\
    --json '{"to":"${play.cast.ana.pnJid}","messageType":"conversation","value":"Hello, Ana!"}'
  curl -s ${admin.url}/v1/connectors -H 'authorization: Bearer ${installation.secrets.adminToken}'
`)
  void showWhatAnaGets(play)
  for (let turn = 0; ; turn += 1) {
    await wait(pauseMs)
    const each = messageCases[turn % messageCases.length]!
    say(`Ana sends ${each.title}.`)
    await play.receive(each, play.cast.ana)
  }
}

async function showWhatAnaGets({ cast: { ana } }: Play): Promise<void> {
  const shown = new Set(ana.received.map(({ id }) => id))
  for (;;) {
    await wait(500)
    for (const { id, message } of ana.received) {
      if (shown.has(id)) continue
      shown.add(id)
      const text = message.conversation ?? message.extendedTextMessage?.text ?? '(not a text)'
      print(`\n${colour.bold('⇢ Ana’s phone got')} ${text}`)
    }
  }
}

try {
  process.exit(await main())
} catch (error) {
  print(error instanceof StartProblem ? error.message : String((error as Error).stack))
  process.exit(1)
}

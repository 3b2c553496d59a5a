import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { Program } from '../support/program.ts'

describe('a command', () => {
  it.each([
    ['npm start', 'worker/host/start.ts', '--help'],
    ['npm start', 'worker/host/start.ts', 'now'],
    ['npm run demo', 'test/demo/main.ts', '--help'],
    ['npm run demo', 'test/demo/main.ts', '--once=yes'],
    ['npm run chaos', 'test/chaos/main.ts', '--help'],
    ['npm run whatsapp', 'test/whatsapp/main.ts', '--help'],
    ['npm run whatsapp', 'test/whatsapp/main.ts', '--port=abc'],
    ['npm run whatsapp', 'test/whatsapp/main.ts', '--port=70000'],
  ])('%s (%s) refuses %s in one line and begins nothing', async (_command, file, argument) => {
    const program = new Program(file, [argument], { CHATLINK_DATA: `${tmpdir()}/chatlink-never`, PORT: '0' })
    expect(await program.exited).toBe(1)
    expect(program.lines).toHaveLength(1)
    expect(program.lines[0]).toMatch(/ takes |give a port number/i)
  })
})

describe('npm start', () => {
  it.each([
    ['a file', fileURLToPath(import.meta.url)],
    ['in a place where nothing can be made', '/dev/null/chatlink'],
  ])('says in one line that its directory is %s', async (_what, path) => {
    const program = new Program('worker/host/start.ts', [], { CHATLINK_DATA: path, PORT: '0' })
    expect(await program.exited).toBe(1)
    expect(program.lines.at(-1)).toMatch(/CHATLINK_DATA: .* cannot be used .*Name a directory/)
    expect(program.output).not.toContain(' at ')
  })
})

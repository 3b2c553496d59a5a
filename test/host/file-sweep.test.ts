import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { sweepFiles } from '../../worker/host/file-sweep.ts'

const now = Date.parse('2026-06-15T12:00:00Z')
const daysAgo = (days: number) => new Date(now - days * 86_400_000)

let files: string

beforeEach(() => {
  files = mkdtempSync(join(tmpdir(), 'chatlink-sweep-'))
})
afterEach(() => rmSync(files, { recursive: true, force: true }))

function put(name: string, days: number): void {
  mkdirSync(join(files, 'ten_a'), { recursive: true })
  const path = join(files, 'ten_a', name)
  writeFileSync(path, 'content')
  utimesSync(path, daysAgo(days), daysAgo(days))
}

const left = () => (existsSync(join(files, 'ten_a')) ? readdirSync(join(files, 'ten_a')).toSorted() : [])

it('deletes media a day after the retention, and keeps younger', () => {
  put('file_old.0a1b2c', 8.1)
  put('file_old.json', 8.1)
  put('file_new.0a1b2c', 7.9)
  put('file_new.json', 7.9)
  expect(sweepFiles(files, 7, now)).toBe(2)
  expect(left()).toEqual(['file_new.0a1b2c', 'file_new.json'])
})

it('deletes content that nothing names after a day, not while it may still be coming', () => {
  put('file_broken.0a1b2c', 1.1)
  put('file_coming.0a1b2c', 0.9)
  expect(sweepFiles(files, 7, now)).toBe(1)
  expect(left()).toEqual(['file_coming.0a1b2c'])
})

it('leaves no empty folder of a tenant', () => {
  put('file_old.json', 9)
  sweepFiles(files, 7, now)
  expect(readdirSync(files)).toEqual([])
})

it('does not mind that there is no directory yet', () => {
  expect(sweepFiles(join(files, 'none'), 7, now)).toBe(0)
})

/**
 * The Worker's own bundle with a meter around its Durable Objects: what Cloudflare would bill is counted where it happens,
 * rows as SQLite tells them of each cursor. Run by workerd as it is, beside `index.js`, hence JavaScript. The clock can be
 * moved on, so that what is forgotten after a retention period is forgotten now.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import * as product from './index.js'

const counters = {}
/** By class, the newest life of each object by its id. */
const livesOf = {}
const activities = new AsyncLocalStorage()
let clockOffsetMs = 0
let workerRequests = 0

const now = Date.now.bind(Date)
Date.now = () => now() + (activities.getStore()?.isMoved ? clockOffsetMs : 0)

/** Time in which an object runs, or could not hibernate: a call, a promise, a timer or a request of it is under way. */
class Activity {
  count = 0
  since = 0
  counter
  /** The Fleet keeps the true time: its connectors are not to be taken for dead. */
  isMoved

  constructor(counter, isMoved) {
    this.counter = counter
    this.isMoved = isMoved
  }

  enter() {
    if (this.count++ === 0) this.since = performance.now()
  }

  leave() {
    if (--this.count === 0) this.tally()
  }

  /** Adds what has passed until now. */
  tally() {
    const at = performance.now()
    this.counter.activeMs += at - this.since
    this.since = at
  }

  async during(promise) {
    this.enter()
    try {
      return await promise
    } finally {
      this.leave()
    }
  }
}

const { setTimeout: startTimer, clearTimeout: endTimer, fetch: request } = globalThis
const timers = new Map()

globalThis.setTimeout = (callback, delayMs, ...values) => {
  const activity = activities.getStore()
  const timer = startTimer(() => {
    try {
      callback(...values)
    } finally {
      timers.delete(timer)
      activity?.leave()
    }
  }, delayMs)
  activity?.enter()
  if (activity) timers.set(timer, activity)
  return timer
}
globalThis.clearTimeout = (timer) => {
  timers.get(timer)?.leave()
  timers.delete(timer)
  endTimer(timer)
}
globalThis.fetch = (...values) => {
  const activity = activities.getStore()
  return activity ? activity.during(request(...values)) : request(...values)
}

function meterStorage(storage, counter) {
  const { sql } = storage
  const exec = sql.exec.bind(sql)
  // A cursor's rows are known when it has been read: those of the last statements are counted later.
  let cursors = []
  counter.settle.add(() => {
    for (const [table, cursor] of cursors) {
      counter.written[table] = (counter.written[table] ?? 0) + cursor.rowsWritten
      counter.read[table] = (counter.read[table] ?? 0) + cursor.rowsRead
    }
    cursors = []
  })
  sql.exec = (query, ...values) => {
    const cursor = exec(query, ...values)
    cursors.push([tableOf(query), cursor])
    return cursor
  }
  const { setAlarm, getAlarm } = storage
  storage.setAlarm = (at) => {
    counter.written.alarm = (counter.written.alarm ?? 0) + 1
    return setAlarm.call(storage, activities.getStore()?.isMoved ? at - clockOffsetMs : at)
  }
  storage.getAlarm = async () => {
    const at = await getAlarm.call(storage)
    return at !== null && activities.getStore()?.isMoved ? at + clockOffsetMs : at
  }
}

function tableOf(query) {
  if (/^\s*(?:CREATE|DROP|ALTER)\b/.test(query)) return 'tables'
  const found = /\b(?:INTO|UPDATE|FROM)\s+(?!json_each)(\w+)/.exec(query)
  return found ? found[1].replace(/_\d+$/, '') : 'other'
}

function makeCounter() {
  return {
    starts: 0,
    requests: {},
    messages: 0,
    activeMs: 0,
    written: {},
    read: {},
    bytes: 0,
    settle: new Set(),
  }
}

function metered(className, Base) {
  const isMoved = className === 'Session' || className === 'Dispatcher'
  const counter = (counters[className] = makeCounter())
  const lives = (livesOf[className] = new Map())
  const called = (name) => (counter.requests[name] = (counter.requests[name] ?? 0) + 1)
  class Metered extends Base {
    activity
    storage

    // oxlint-disable-next-line constructor-super, no-this-before-super -- it is called inside `run`
    constructor(ctx, env) {
      const activity = new Activity(counter, isMoved)
      const id = ctx.id.toString()
      // Of an earlier life nothing can be under way any more.
      const earlier = lives.get(id)
      if (earlier?.count > 0) earlier.tally()
      lives.set(id, activity)
      meterStorage(ctx.storage, counter)
      const waitUntil = ctx.waitUntil.bind(ctx)
      ctx.waitUntil = (promise) => waitUntil(activity.during(promise))
      counter.starts++
      activity.enter()
      activities.run(activity, () => super(ctx, env))
      activity.leave()
      this.activity = activity
      this.storage = ctx.storage
    }

    /** Lets a standing alarm go off now. */
    async benchAlarm() {
      const { storage } = this
      if ((await storage.getAlarm()) === null) return
      await storage.deleteAlarm()
      await this.alarm()
    }

    benchSize() {
      return this.storage.sql.databaseSize
    }
  }
  for (const name of Object.getOwnPropertyNames(Base.prototype)) {
    if (name === 'constructor' || typeof Base.prototype[name] !== 'function') continue
    Metered.prototype[name] = function (...values) {
      if (name === 'webSocketMessage') counter.messages++
      else called(name)
      const { activity } = this
      activity.enter()
      let result
      try {
        result = activities.run(activity, () => Base.prototype[name].apply(this, values))
      } finally {
        if (typeof result?.then !== 'function') activity.leave()
      }
      return typeof result?.then === 'function' ? result.finally(() => activity.leave()) : result
    }
  }
  return Metered
}

export const Session = metered('Session', product.Session)
export const Dispatcher = metered('Dispatcher', product.Dispatcher)
export const Fleet = metered('Fleet', product.Fleet)
export const Tenant = metered('Tenant', product.Tenant)

async function serveBench(url, env) {
  const bindings = { Session: env.SESSION, Dispatcher: env.DISPATCHER }
  const onEach = async (name, call) => {
    let sum = 0
    for (const id of livesOf[name].keys())
      sum += (await call(bindings[name].get(bindings[name].idFromString(id)))) ?? 0
    return sum
  }
  if (url.pathname === '/bench/forget') {
    clockOffsetMs += Number(url.searchParams.get('ms'))
    for (const name of Object.keys(bindings)) await onEach(name, (stub) => stub.benchAlarm())
  }
  if (url.pathname === '/bench/sizes')
    for (const name of Object.keys(bindings))
      counters[name].bytes = await onEach(name, (stub) => stub.benchSize())
  let active = 0
  for (const [name, { settle }] of Object.entries(counters)) {
    for (const run of settle) run()
    for (const activity of livesOf[name].values()) {
      if (activity.count === 0) continue
      activity.tally()
      if (name in bindings) active++
    }
  }
  return Response.json({ ...counters, workerRequests, active })
}

export default {
  fetch(request, env, ctx) {
    const url = new URL(request.url)
    if (url.pathname.startsWith('/bench/')) return serveBench(url, env)
    workerRequests++
    return product.default.fetch(request, env, ctx)
  },
}
